// Of several requests for the same part of a page only the newest counts (`data-newest`): an older one is dropped here,
// and on the server, which knows by `editor` and `turn` that it is one of ours and older, its query is ended.
const editor = Math.random().toString(36).slice(2);
const asked = new Map();
let turn = 0;

document.addEventListener("htmx:config:request", ({ target, detail }) => {
  if (!target.matches?.("[data-newest]")) return;
  const request = detail.ctx.request;
  const path = new URL(request.action, location.href).pathname;
  asked.get(path)?.abort();
  asked.set(path, request);
  request.body.set("editor", editor);
  request.body.set("turn", (turn += 1));
  detail.ctx.fetch = quietly;
});

// What was dropped is an answer without content, not an error.
async function quietly(url, request) {
  try {
    const answer = await fetch(url, request);
    const { status, headers } = answer;
    return new Response(status === 204 ? null : await answer.text(), { status, headers });
  } catch (error) {
    if (request.signal.aborted) return new Response(null, { status: 204 });
    throw error;
  }
}
