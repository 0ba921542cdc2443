// Curves of several runs, laid over each other. What a run says is only ever set as text.
"use strict";
const SVG = "http://www.w3.org/2000/svg";
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#a67c00", "#56b4e9", "#7f3fbf", "#808080"];
const DASHES = ["", "6 3", "2 2"];
const MOST_CURVES = COLOURS.length * DASHES.length;
const WIDTH = 760, HEIGHT = 320, LEFT = 52, RIGHT = 12, TOP = 12, BOTTOM = 34;
const runs = JSON.parse(document.getElementById("runs").textContent);

function drawn(name, attributes, parent, text) {
  const element = document.createElementNS(SVG, name);
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  if (text !== undefined) element.textContent = text;
  if (parent) parent.append(element);
  return element;
}

function roundTicks(low, high) {
  const rough = (high - low || Math.abs(high) || 1) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((multiple) => multiple * power >= rough);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) ticks.push(i * step);
  return ticks;
}

function shortNumber(value) { return String(Number(value.toPrecision(4))); }

// Draws the curves of runs by their positions in `runs`; returns how many there are.
function drawCurves(positions, metric) {
  const figure = document.getElementById("curves"), legend = document.getElementById("legend");
  const inPercent = metric.endsWith("accuracy");
  figure.replaceChildren();
  legend.replaceChildren();
  const shown = positions.map((position) => runs[position])
    .filter((run) => run.curves[metric] && run.curves[metric].some((value) => value !== null))
    .slice(0, MOST_CURVES);
  const values = shown.flatMap((run) => run.curves[metric]).filter((value) => value !== null);
  if (!values.length) return 0;
  const last = Math.max(...shown.map((run) => Math.max(...run.epochs)));
  const low = Math.min(...values), high = Math.max(...values);
  const margin = (high - low || 1e-3) * 0.04;
  const x = (epoch) => LEFT + (WIDTH - LEFT - RIGHT) * (epoch - 1) / Math.max(last - 1, 1);
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (high + margin - value) / (high - low + 2 * margin);
  for (const tick of roundTicks(low, high)) {
    drawn("line", {x1: LEFT, x2: WIDTH - RIGHT, y1: y(tick), y2: y(tick), class: "rule"}, figure);
    const text = inPercent ? shortNumber(100 * tick) + "%" : shortNumber(tick);
    drawn("text", {x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end"}, figure, text);
  }
  for (const tick of roundTicks(1, Math.max(last, 2)).filter((tick) => Number.isInteger(tick) && tick >= 1)) {
    drawn("text", {x: x(tick), y: HEIGHT - BOTTOM + 18, "text-anchor": "middle"}, figure, String(tick));
  }
  drawn("text", {x: (LEFT + WIDTH) / 2, y: HEIGHT - 5, "text-anchor": "middle"}, figure, "epoch");
  shown.forEach((run, number) => {
    const style = {
      stroke: COLOURS[number % COLOURS.length],
      "stroke-dasharray": DASHES[Math.floor(number / COLOURS.length)],
      class: "curve",
    };
    let pen = "M", path = "";
    run.curves[metric].forEach((value, index) => {
      if (value === null) { pen = "M"; return; }
      path += pen + x(run.epochs[index]).toFixed(1) + " " + y(value).toFixed(1);
      pen = "L";
    });
    const curve = drawn("path", {d: path + (path.includes("L") ? "" : "h3"), ...style}, figure);
    drawn("title", {}, curve, run.label);
    const entry = document.createElement("li");
    const line = drawn("svg", {viewBox: "0 0 28 8", class: "key"}, entry);
    drawn("path", {d: "M0 4h28", ...style}, line);
    entry.append(run.label);
    legend.append(entry);
  });
  return shown.length;
}

function metricChoice(draw) {
  const select = document.getElementById("metric");
  const names = [...new Set(runs.flatMap((run) => Object.keys(run.curves)))];
  for (const name of names) {
    const option = document.createElement("option");
    option.textContent = option.value = name;
    select.append(option);
  }
  select.addEventListener("change", draw);
  return select;
}
