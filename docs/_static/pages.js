// On a narrow screen the cells of a row stand below each other (pages.css): each then says which
// column it is of, where there are more than two.
document.addEventListener("DOMContentLoaded", () => {
  for (const table of document.querySelectorAll("table.docutils")) {
    const heads = [...table.querySelectorAll("thead th")].map((head) => head.textContent.trim());
    if (heads.length < 3) continue;
    for (const row of table.querySelectorAll("tbody tr")) {
      [...row.cells].forEach((cell, column) => {
        if (column && heads[column] && cell.textContent.trim()) cell.dataset.column = heads[column];
      });
    }
  }
});
