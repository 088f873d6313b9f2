"use strict";
const filters = [...document.querySelectorAll(".filters select")];
const rows = [...document.querySelectorAll("#list tbody tr")];
const shown = [...document.querySelectorAll("[data-text]")];
function filter() {
  let count = 0;
  for (const row of rows) {
    row.hidden = filters.some((one) => one.value !== "" && row.dataset[one.name] !== one.value.slice(1));
    count += row.hidden ? 0 : 1;
  }
  const numbers = { "{shown}": count.toLocaleString("en"), "{all}": rows.length.toLocaleString("en") };
  for (const one of shown) one.textContent = one.dataset.text.replace(/\{\w+\}/g, (name) => numbers[name]);
}
for (const one of filters) one.addEventListener("change", filter);
document.getElementById("print-shown").addEventListener("change", (event) => {
  document.body.classList.toggle("print-shown", event.target.checked);
});
document.querySelector(".filters").hidden = false;
filter();
