// Shorthands.
export const one = (selector, at = document) => at.querySelector(selector);
export const all = (selector, at = document) => [...at.querySelectorAll(selector)];

// Whether keys that are pressed there are text.
export const isTyping = (element) =>
  element.matches("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

// Puts a part of another page into an element. Links and forms inside work like everywhere else.
export const load = (url, target, select) =>
  window.htmx.ajax("GET", url, { target, select, swap: "innerHTML ignoreTitle:true", push: "false" });
