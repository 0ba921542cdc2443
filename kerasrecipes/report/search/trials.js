// The table of a search's trials; before any has ended there is none.
const table = document.getElementById("table");
if (table) {
  const count = document.getElementById("count");
  const draw = (rows) => {
    count.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} trials`;
  };
  draw(sortableTable(table, document.getElementById("filter"), draw).rows);
  document.body.classList.add("live");
}
