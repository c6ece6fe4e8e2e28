// Dialogs: opened by a button of the page, or filled from the page that the same link opens without script.
import { all, load, one } from "./dom.js";

// Opens a dialog; its first field gets the focus (a suggestion in it is selected, to be typed over), and the element that
// had it gets it back in the end.
export function open(dialog) {
  if (!dialog.open) dialog.showModal();
  const first = one("[data-first]", dialog);
  first?.focus();
  if (first?.dataset.first === "select") first.select();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-dialog]");
  if (button) return open(document.getElementById(button.dataset.dialog));

  const link = event.target.closest?.("[data-dialog-from]");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    const dialog = one(link.dataset.dialogFrom);
    await load(link.href, dialog, ".dialog-page > form");
    return open(dialog);
  }

  const close = event.target.closest?.("dialog [data-close]");
  if (close) {
    event.preventDefault();
    close.closest("dialog").close();
  }
});

// A form that downloads leaves the page as it is: its dialog has done its work.
document.addEventListener("submit", (event) => {
  if (event.submitter?.matches("[data-close-after]")) event.target.closest("dialog")?.close();
});

// A form that fills a dialog opens it when the answer is there.
document.addEventListener("htmx:after:swap", (event) => {
  const { sourceElement, target } = event.detail.ctx ?? {};
  const opens = sourceElement?.dataset?.opens;
  // A form in a dialog opens it again when the answer is another question, not when it is the page.
  if (opens && [target, target?.id].some((filled) => filled === opens || filled === `#${opens}`)) open(document.getElementById(opens));
});

// A form that is answered with a whole page has done its work. Its dialog is closed first: when the page is changed in
// place, one that is still open would keep everything else from being pressed.
document.addEventListener("htmx:before:swap", (event) => {
  if (event.detail.ctx?.select === "#main") for (const dialog of all("main dialog[open]")) dialog.close();
});
