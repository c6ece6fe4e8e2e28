// Values of a person are changed where they stand: the form of the value's own page takes the place of the row. Double
// click, the pencil, or `e`; Enter saves, Escape leaves, Tab saves and goes on to the next value.
import { all, one } from "./dom.js";

// The rows whose place a form has taken, by their id; and where to go on when the answer is there.
const rows = new Map();
let next;
// Keys that were pressed while a form is on its way: they are meant for it, not for the page.
let keys;

const rowOf = (element) => element.closest?.("[data-edit]");
const pencilOf = (row) => row && one("[data-inline]", row);

function begin(field) {
  const first = field && one("[data-first]", field);
  first?.focus();
  if (first?.dataset.first === "select") first.select?.();
}

async function edit(row) {
  const pencil = pencilOf(row);
  if (!pencil || row.dataset.asked) return;
  row.dataset.asked = "1";
  keys ??= [];
  const { id } = row;
  rows.set(id, row);
  await window.htmx.ajax("GET", pencil.href, {
    target: row, select: `#${CSS.escape(id)}`, selectOOB: "", swap: "outerHTML ignoreTitle:true", push: "false",
  });
  delete row.dataset.asked;
  const typed = keys ?? [];
  keys = undefined;
  const field = document.getElementById(id);
  begin(field);
  if (field?.matches(".editing")) typed.forEach((key) => press(field, key));
}

// What the key would have done in the form.
function press(field, key) {
  const box = one("[data-first]", field);
  if (!box?.isConnected) return;
  if (key === "Enter") box.form.requestSubmit();
  else if (key === "Escape") leave(field);
  else if (key === "Tab") goOn(field, 1);
  else if (key.length === 1 && box.setRangeText) box.setRangeText(key, box.selectionStart, box.selectionEnd, "end");
}

function leave(field) {
  const row = rows.get(field.id);
  if (!row) return false;
  rows.delete(field.id);
  field.replaceWith(row);
  window.htmx.process(row);
  pencilOf(row)?.focus();
  return true;
}

// What the value was when the form came; sending it back would change nothing.
const isTouched = (form) =>
  all("input:not([type=hidden]), textarea, select", form).some((box) =>
    box.matches("select") ? all("option", box).some((option) => option.selected !== option.defaultSelected) : box.value !== box.defaultValue);

function goOn(field, by) {
  const ids = all("[data-edit], .editing", one("#person")).filter((row) => row.offsetParent).map((row) => row.id);
  const beside = ids[ids.indexOf(field.id) + by];
  if (!beside) return false;
  const form = one("form", field);
  if (isTouched(form)) {
    next = beside;
    keys = [];
    form.requestSubmit();
  } else {
    leave(field);
    edit(document.getElementById(beside));
  }
  return true;
}

document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const pencil = event.target.closest?.("[data-inline]");
  if (pencil) {
    event.preventDefault();
    edit(rowOf(pencil));
    return;
  }
  const cancel = event.target.closest?.("[data-cancel]");
  // Someone else's value came in the way: the page shows what it is now.
  if (!cancel || cancel.closest("form").dataset.meanwhile !== undefined) return;
  if (leave(cancel.closest(".editing"))) {
    event.preventDefault();
    event.stopPropagation();
  }
}, true);

document.addEventListener("dblclick", (event) => {
  const row = event.target.closest?.(".value") && rowOf(event.target);
  if (!row || event.target.closest("a, button")) return;
  window.getSelection()?.removeAllRanges();
  edit(row);
});

document.addEventListener("keydown", (event) => {
  if (!keys || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  keys.push(event.key);
}, true);

document.addEventListener("keydown", (event) => {
  const field = event.target.closest?.(".editing");
  if (!field || !rows.has(field.id) || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "Escape") {
    event.preventDefault();
    if (one("form", field).dataset.meanwhile === undefined) leave(field);
    else one("[data-cancel]", field).click();
  } else if (event.key === "Enter" && event.target.matches("textarea") && !event.shiftKey) {
    event.preventDefault();
    event.target.form.requestSubmit();
  } else if (event.key === "Tab" && event.target.matches("input, textarea, select")) {
    if (goOn(field, event.shiftKey ? -1 : 1)) event.preventDefault();
  }
}, true);

// Undo in the message of a change changes the person where they are shown, beside the list too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!one("#person") || !form.matches("#toasts form") || !/^\/users\/\w+\/undo$/.test(new URL(form.action).pathname)) return;
  event.preventDefault();
  window.htmx.ajax("POST", form.action, {
    target: "#person", select: "#person", selectOOB: "#toasts", swap: "outerHTML", replace: "true", values: Object.fromEntries(new FormData(form)),
  });
});

// Without an answer there is nothing to wait for.
document.addEventListener("htmx:error", () => (keys = undefined));

// The page of the same person comes again after every change: it stays where it was, and what was folded open stays open.
let before;
document.addEventListener("htmx:before:swap", (event) => {
  const person = one("#person");
  if (event.detail.ctx?.select !== "#person" || !person) return;
  before = {
    who: person.dataset.person,
    open: one("#more-data")?.open,
    top: one(".scroll", person)?.scrollTop,
    row: document.activeElement?.closest?.(".editing, [data-edit]")?.id,
  };
});

document.addEventListener("htmx:after:swap", (event) => {
  const { ctx } = event.detail;
  const field = ctx?.select?.startsWith("#v-") && document.getElementById(ctx.select.slice(1));
  if (field && ctx.sourceElement?.matches?.("form")) {
    next = keys = undefined;
    begin(field);
  }
  if (ctx?.select !== "#person") return;
  const person = one("#person");
  const edited = next ?? before?.row;
  rows.clear();
  if (person && before && person.dataset.person === before.who) {
    const more = one("#more-data");
    if (more && before.open) more.open = true;
    const scroll = one(".scroll", person);
    if (scroll) scroll.scrollTop = before.top ?? 0;
    const row = edited && document.getElementById(edited);
    if (!next || !row) keys = undefined;
    if (row && next) edit(row);
    else if (row) pencilOf(row)?.focus({ preventScroll: true });
  } else {
    keys = undefined;
    begin(person);
  }
  before = next = undefined;
});
