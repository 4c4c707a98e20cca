/* Runs before the first paint, so that a dark or large-print page never flashes. */
(function (d) {
  "use strict";
  var get = function (k) { try { return localStorage.getItem(k); } catch (e) { return null; } };
  var dark = get("theme") || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  d.documentElement.setAttribute("data-js", "");
  d.documentElement.setAttribute("data-bs-theme", dark);
  if (get("size") === "lg") d.documentElement.setAttribute("data-size", "lg");
})(document);
