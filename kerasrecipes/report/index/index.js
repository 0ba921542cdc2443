// The table of runs, and the choice of curves.
const filter = document.getElementById("filter"), count = document.getElementById("count");
const FIRST_CURVES = 5;
const metric = metricChoice(draw);
const sorted = sortableTable(document.getElementById("table"), filter, draw);

function chosen() {
  const visible = sorted.rows.filter((row) => !row.hidden);
  const ticked = visible.filter((row) => row.querySelector("input").checked);
  return (ticked.length ? ticked : visible.slice(0, FIRST_CURVES)).map((row) => Number(row.dataset.run));
}

function draw() {
  const visible = sorted.rows.filter((row) => !row.hidden).length;
  const positions = chosen();
  const drawnCurves = drawCurves(positions, metric.value);
  count.textContent = `${visible} of ${sorted.rows.length} runs; ${drawnCurves} curves`;
}

document.getElementById("table").tBodies[0].addEventListener("change", draw);
document.getElementById("none").addEventListener("click", () => {
  for (const row of sorted.rows) row.querySelector("input").checked = false;
  draw();
});
document.body.classList.add("live");
const byScore = sorted.headers.findIndex((header) => header.dataset.best === "high");
if (byScore >= 0) sorted.sortBy(byScore); else draw();
