(function () {
  "use strict";
  var root = document.documentElement;
  var links = Array.prototype.slice.call(document.querySelectorAll(".rows a"));
  var articles = Array.prototype.slice.call(document.querySelectorAll(".panel article"));
  var drawn = Array.prototype.slice.call(document.querySelectorAll("svg.lanes g[data-step]"));
  var panel = document.querySelector(".panel");
  var back = document.getElementById("back");
  var on = document.getElementById("on");
  var where = document.getElementById("where");
  var last = links.length - 1;
  var now = 0;

  function stepInAddress() {
    var found = /^#step-(\d+)$/.exec(location.hash);
    return found && Number(found[1]) <= last ? Number(found[1]) : null;
  }

  function choose(step, focus) {
    now = Math.max(0, Math.min(last, step));
    links.forEach(function (link, i) {
      link.tabIndex = i === now ? 0 : -1;
      if (i === now) link.setAttribute("aria-current", "step");
      else link.removeAttribute("aria-current");
    });
    articles.forEach(function (article, i) { article.classList.toggle("shown", i === now); });
    drawn.forEach(function (group) { group.classList.toggle("on", Number(group.dataset.step) === now); });
    back.disabled = now === 0;
    on.disabled = now === last;
    panel.scrollTop = 0;
    where.textContent = "step " + now + " of " + last;
    if (focus) links[now].focus({ preventScroll: true });
  }

  // Brings the row into the part of the window that heads and, on a small screen, the panel leave free.
  function bringIntoView() {
    var row = links[now].getBoundingClientRect();
    var top = document.querySelector(".heads").offsetHeight + 8;
    var fixed = getComputedStyle(panel).position === "fixed";
    var bottom = window.innerHeight - (fixed ? panel.offsetHeight : 0) - 8;
    // With the last step goes what stands below it: where the claim fails, and why.
    var end = now === last ? document.querySelector(".end").getBoundingClientRect() : row;
    if (row.top < top) window.scrollBy(0, row.top - top);
    else if (end.bottom > bottom) window.scrollBy(0, Math.min(end.bottom - bottom, row.top - top));
  }

  function go(step, focus) {
    choose(step, focus);
    // A page that lies in a file may have no history to write to.
    try { history.replaceState(null, "", "#step-" + now); } catch (refused) { /* the step is shown all the same */ }
    bringIntoView();
  }

  document.addEventListener("keydown", function (event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    var inRows = document.activeElement && links.indexOf(document.activeElement) >= 0;
    var target = null;
    if (event.key === "ArrowRight" || (inRows && event.key === "ArrowDown")) target = now + 1;
    if (event.key === "ArrowLeft" || (inRows && event.key === "ArrowUp")) target = now - 1;
    if (inRows && event.key === "Home") target = 0;
    if (inRows && event.key === "End") target = last;
    if (target === null) return;
    event.preventDefault();
    go(target, inRows);
  });
  links.forEach(function (link, i) {
    link.addEventListener("click", function (event) {
      event.preventDefault();
      go(i, true);
    });
  });
  back.addEventListener("click", function () { go(now - 1, false); });
  on.addEventListener("click", function () { go(now + 1, false); });
  window.addEventListener("hashchange", function () {
    var step = stepInAddress();
    if (step !== null) choose(step, false);
  });

  document.querySelector("svg.lanes").addEventListener("click", function (event) {
    var group = event.target.closest("g[data-step]");
    if (group && getSelection().isCollapsed) go(Number(group.dataset.step), false);
  });

  // Without the script the address leads to a step's words; with it, to the step.
  articles.forEach(function (article) { article.removeAttribute("id"); });
  root.classList.add("js");
  var first = stepInAddress();
  choose(first === null ? 0 : first, false);
  if (first !== null) bringIntoView();
})();
