/* All the behaviour of the console. Everything is delegated, so markup that htmx swaps in or a plugin brings works
   without registering anything. Every page also works without this file. */
(function () {
  "use strict";
  var root = document.documentElement;
  var save = function (k, v) { try { localStorage.setItem(k, v); } catch (e) { /* private mode */ } };
  var each = function (list, f) { Array.prototype.forEach.call(list, f); };

  /* questions that depend on earlier answers: data-shown-if="question=option question=option" */
  function ask(form) {
    each(form.querySelectorAll("[data-shown-if]"), function (box) {
      var wanted = box.dataset.shownIf.split(" ");
      box.hidden = !wanted.some(function (one) {
        var parts = one.split("=");
        return Array.prototype.some.call(form.querySelectorAll("input:checked"), function (input) {
          return input.name === parts[0] && input.value === parts[1] && !input.closest("[data-shown-if][hidden]");
        });
      });
    });
    each(form.querySelectorAll("[data-without-script]"), function (note) { note.hidden = true; });
  }
  function askAll(e) {
    each(document.querySelectorAll("form"), function (form) {
      if (form.querySelector("[data-shown-if]") && (!e || form.contains(e.target))) ask(form);
    });
  }
  document.addEventListener("change", askAll);

  /* light or dark, normal or large print */
  function mark() {
    each(document.querySelectorAll("[data-act=size]"), function (b) {
      b.setAttribute("aria-pressed", String(root.dataset.size === "lg"));
    });
    each(document.querySelectorAll("[data-act=theme]"), function (b) {
      b.setAttribute("aria-pressed", String(root.dataset.bsTheme === "dark"));
    });
  }
  var acts = {
    theme: function () {
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      save("theme", root.dataset.bsTheme); mark();
    },
    size: function () {
      if (root.dataset.size === "lg") { delete root.dataset.size; } else { root.dataset.size = "lg"; }
      save("size", root.dataset.size || ""); mark();
    },
    print: function () { window.print(); },
    locate: function (b) {
      var form = b.form || b.closest("form");
      var failed = function () { toast(b.dataset.failed, "seal"); };
      if (!navigator.geolocation) { failed(); return; }
      navigator.geolocation.getCurrentPosition(function (found) {
        /* a thousandth of a degree, about a hundred metres, is all that leaves the phone */
        form.elements.latitude.value = found.coords.latitude.toFixed(3);
        form.elements.longitude.value = found.coords.longitude.toFixed(3);
      }, failed, { timeout: 10000, maximumAge: 60000 });
    },
    close: function (b) {
      var box = b.closest("details");
      box.open = false; box.querySelector("summary").focus();
    },
    copy: function (b) {
      if (!navigator.clipboard) return;
      navigator.clipboard.writeText(b.dataset.text).then(function () { toast(b.dataset.done, "ok"); });
    }
  };

  function closeMenus(except) {
    each(document.querySelectorAll("details.menu[open], details.confirm[open]"), function (box) {
      if (!except || !box.contains(except)) box.open = false;
    });
  }

  document.addEventListener("click", function (e) {
    closeMenus(e.target);
    var act = e.target.closest("[data-act]");
    if (act && acts[act.dataset.act]) acts[act.dataset.act](act);
    var twist = e.target.closest("button.twist");
    if (twist) {
      var open = twist.getAttribute("aria-expanded") !== "true";
      twist.setAttribute("aria-expanded", String(open));
      twist.closest("li").querySelector(":scope > ul").hidden = !open;
    }
  });

  document.addEventListener("keydown", function (e) {
    if (e.key !== "Escape") return;
    var box = e.target.closest("details.menu[open], details.confirm[open]");
    if (box) { box.open = false; box.querySelector("summary").focus(); }
  });

  /* lists: selecting rows, choosing a filter at once, addresses without empty parameters */
  document.addEventListener("change", function (e) {
    var box = e.target.closest("[data-select]");
    if (box && e.target.matches("[data-all],[data-one]")) {
      var rows = box.querySelectorAll("[data-one]");
      if (e.target.matches("[data-all]")) each(rows, function (r) { r.checked = e.target.checked; });
      var n = box.querySelectorAll("[data-one]:checked").length, all = box.querySelector("[data-all]");
      all.checked = n === rows.length; all.indeterminate = n > 0 && n < rows.length;
      box.querySelector(".bulk").classList.toggle("on", n > 0);
      box.querySelector("[data-n]").textContent = n;
    }
    if (e.target.matches("select[data-auto]") && e.target.form.requestSubmit) e.target.form.requestSubmit();
  });
  document.addEventListener("formdata", function (e) {
    if (!e.target.matches("[data-clean]")) return;
    var data = e.formData, names = [];
    data.forEach(function (value, name) { names.push(name); });
    names.forEach(function (name) { if (data.getAll(name).join("") === "") data.delete(name); });
    if (data.getAll("cols").join(" ") === e.target.dataset.cols) data.delete("cols");
    if (data.get("size") === e.target.dataset.size) data.delete("size");
  });

  /* htmx */
  document.addEventListener("htmx:configRequest", function (e) {
    if (e.target.matches("[data-search]")) e.detail.parameters = { q: e.target.value };
  });
  document.addEventListener("htmx:beforeSwap", function (e) {
    /* An answer from another page, sign-in above all, does not belong into a part of this one. */
    var asked = new URL(e.detail.pathInfo.requestPath, location.href).pathname;
    var came = e.detail.xhr.responseURL && new URL(e.detail.xhr.responseURL).pathname;
    if (came && came !== asked) { e.detail.shouldSwap = false; location.reload(); }
  });
  document.addEventListener("htmx:afterSettle", function (e) {
    var list = document.activeElement === document.body && e.target.closest && e.target.closest(".list");
    if (list) list.focus({ preventScroll: true });
    mark();
  });
  ["htmx:responseError", "htmx:sendError", "htmx:timeout"].forEach(function (name) {
    document.addEventListener(name, function () { toast(document.body.dataset.failed, "seal"); });
  });

  /* long groups of checkboxes: a box above them that shows only what holds the words; what is ticked stays in sight */
  function narrowable() { each(document.querySelectorAll("[data-narrow]"), function (box) { box.hidden = false; }); }
  document.addEventListener("input", function (e) {
    if (!e.target.matches("[data-narrow]")) return;
    var words = e.target.value.trim().toLowerCase(), group = e.target.closest("fieldset");
    each(group.querySelectorAll(".choice"), function (one) {
      var input = one.querySelector("input"), text = one.textContent + " " + input.value;
      one.hidden = words !== "" && !input.checked && text.toLowerCase().indexOf(words) < 0;
    });
  });
  document.addEventListener("keydown", function (e) {
    if (e.key === "Enter" && e.target.matches("[data-narrow]")) e.preventDefault();
  });

  function toast(text, kind) {
    var box = document.getElementById("toasts"), line = document.createElement("p");
    line.className = "alert-line " + kind; line.textContent = text;
    box.replaceChildren(line);
    setTimeout(function () { line.remove(); }, 6000);
  }

  var problems = document.querySelector("[data-problems]");
  if (problems) problems.focus();
  /* on a narrow screen the chosen tab may stand outside */
  each(document.querySelectorAll(".tabs [aria-current]"), function (tab) {
    var strip = tab.closest(".tabs");
    strip.scrollLeft = tab.offsetLeft - strip.offsetLeft - (strip.clientWidth - tab.offsetWidth) / 2;
  });
  mark();
  narrowable();
  askAll();
})();
