// A table that is sorted by its headers and filtered by words.
function valueAt(row, column) {
  const text = row.cells[column].dataset.value;
  return text === "" ? null : JSON.parse(text);
}

const COMPARE = {
  "=": (a, b) => a === b, "!=": (a, b) => a !== b,
  "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b,
};

// `changed` is called with the rows in their order whenever it, or which of them are seen, changes.
function sortableTable(table, filter, changed) {
  const body = table.tBodies[0], rows = [...body.rows];
  const headers = [...table.tHead.rows[0].cells];

  function sortBy(column) {
    const header = headers[column];
    // The first click on a score shows the best first.
    const first = header.dataset.best === "high" ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    const order = header.getAttribute("aria-sort") === first ? other : first;
    for (const each of headers) each.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    const keyed = rows.map((row) => [valueAt(row, column), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      if (typeof a === "number" && typeof b === "number") return sign * (a - b);
      if (typeof a !== typeof b) return sign * (typeof a === "number" ? -1 : 1);
      return sign * String(a).localeCompare(String(b), undefined, {numeric: true});
    });
    body.append(...keyed.map(([, row]) => row));
    rows.splice(0, rows.length, ...keyed.map(([, row]) => row));
    changed(rows);
  }

  // A word of the filter is text that a row has, or a condition such as test>=0.9.
  function holds(row, word) {
    const condition = /^([\w.]+)(!=|<=|>=|=|<|>)(.*)$/.exec(word);
    const column = condition ? headers.findIndex((header) => header.dataset.name === condition[1]) : -1;
    if (column < 0) return row.textContent.toLowerCase().includes(word.toLowerCase());
    const own = valueAt(row, column), number = Number(condition[3]);
    const isNumber = typeof own === "number" && condition[3] !== "" && !Number.isNaN(number);
    return COMPARE[condition[2]](isNumber ? own : own === null ? "" : String(own), isNumber ? number : condition[3]);
  }

  filter.addEventListener("input", () => {
    const words = filter.value.split(/\s+/).filter(Boolean);
    for (const row of rows) row.hidden = !words.every((word) => holds(row, word));
    changed(rows);
  });
  headers.forEach((header, column) => {
    const button = header.querySelector("button");
    if (button) button.addEventListener("click", () => sortBy(column));
  });
  return {rows, headers, sortBy};
}
