// Whoever clicks again before the answer is here gets what was clicked last, as between whole pages: htmx would put it
// in the place that it had at the click, which another answer may have taken away, and show nothing.
let turn = 0;
let pages = 0;
// The newest request of those whose answers are shown, by the id of the place.
const shown = new Map();

document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  ctx.turn = turn += 1;
  ctx.page = pages;
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const { id, isConnected } = ctx.target ?? {};
  if (isConnected !== false || !id) return;
  const place = document.getElementById(id);
  const same = id === "main" || ctx.page === pages;
  if (place && same && ctx.turn > (shown.get(id) ?? 0)) ctx.target = place;
  else event.preventDefault();
});

document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
  const { id } = ctx.target ?? {};
  if (!id) return;
  shown.set(id, ctx.turn ??= turn += 1);
  if (id === "main") pages += 1;
});
