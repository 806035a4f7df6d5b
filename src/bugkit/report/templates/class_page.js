for (const table of document.querySelectorAll(".bk-sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  const value = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? cell.textContent.trim() : Number(cell.dataset.value);
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true }));
      const rows = [...body.rows].sort((a, b) => order(value(a, column), value(b, column)));
      body.append(...(down ? rows.reverse() : rows));
    });
  });
}
// no sign that would end the page as XML
const search = document.querySelector(".bk-search");
const filter = document.querySelector(".bk-filter");
const searched = [...document.querySelectorAll(".bk-searched [data-words]")];
const show = () => {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = filter ? filter.value : "";
  for (const one of searched) {
    const has = wanted ? one.dataset.has.split(/\s+/).includes(wanted) : true;
    one.hidden = has ? words.some((word) => !one.dataset.words.includes(word)) : true;
  }
  const left = searched.filter((one) => !one.hidden).length;
  document.querySelector(".bk-found").textContent = left === searched.length ? "" : `${left} of ${searched.length}`;
};
search?.addEventListener("input", show);
filter?.addEventListener("change", show);
