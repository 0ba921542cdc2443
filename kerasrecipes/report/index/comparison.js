// The curves of all runs of a comparison.
const metric = metricChoice(() => drawCurves(runs.map((run, position) => position), metric.value));
drawCurves(runs.map((run, position) => position), metric.value);
document.body.classList.add("live");
