/* What HTML alone does not do: follow links without reloading the page, show explanations, switch
   the theme, and tell a screen reader what has changed. */

(function () {
    "use strict";

    const root = document.documentElement;

    /* A Dash component that shows HTML from the server, such as a chart. */
    window.bank = {
        Drawing: function (given) {
            return window.React.createElement("div", {
                dangerouslySetInnerHTML: { __html: given.markup },
            });
        },
    };

    const remembered = "bank-dashboard-theme";

    function store(action) {
        try {
            return action(window.localStorage);
        } catch (refused) {
            return null;
        }
    }

    const chosen = store((kept) => kept.getItem(remembered));
    if (chosen === "light" || chosen === "dark") {
        root.dataset.theme = chosen;
    }

    function changeTheme() {
        const dark = root.dataset.theme
            ? root.dataset.theme === "dark"
            : window.matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        store((kept) => kept.setItem(remembered, root.dataset.theme));
    }

    /* ---------- addresses */

    function go(address) {
        const url = new URL(address, window.location.href);
        if (url.origin !== window.location.origin) {
            return;
        }
        if (url.pathname + url.search === window.location.pathname + window.location.search) {
            reveal(url.hash);
            return;
        }
        root.dataset.busy = "1";
        wanted = url.hash;
        window.history.pushState({}, "", url);
        window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    }

    let wanted = "";

    function reveal(hash) {
        const place = hash && document.getElementById(hash.slice(1));
        if (place) {
            const folded = place.closest("section") && place.closest("section").querySelector(".folded");
            if (folded) {
                folded.open = true;
            }
            place.scrollIntoView();
        }
    }

    function addressOf(element) {
        const address = element.dataset.nav;
        return address && address.startsWith("/") ? address : element.getAttribute("href");
    }

    document.addEventListener("click", (event) => {
        hideTip();
        const themed = event.target.closest("#theme");
        if (themed) {
            changeTheme();
            return;
        }
        const skip = event.target.closest(".skip");
        if (skip) {
            event.preventDefault();
            document.getElementById("main").focus();
            return;
        }
        const tip = event.target.closest(".tip");
        if (tip && !tip.dataset.nav) {
            showTip(tip);
            return;
        }
        for (const menu of document.querySelectorAll(".menu[open]")) {
            if (!menu.contains(event.target)) {
                menu.open = false;
                kept = null;
            }
        }
        if (event.target.closest("summary")) {
            kept = null;
        }
        const link = event.target.closest("[data-nav]");
        const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
        if (!link || !plain || event.button !== 0) {
            return;
        }
        event.preventDefault();
        opener = link.closest(".drawer") ? opener : placeOf(link);
        const menu = link.closest(".menu");
        kept = menu && menu.classList.contains("filter")
            ? { node: menu, top: menu.querySelector("ul").scrollTop }
            : null;
        if (menu && !menu.classList.contains("filter")) {
            menu.open = false;
            menu.querySelector("summary").focus();
        }
        go(addressOf(link));
    });

    /* The place of the last link that was clicked outside the details. A filter is found again by
       its key, because its address changes when it is set. */
    let opener = null;

    /* The filter menu that stays open while the reader chooses several values. */
    let kept = null;

    function reopen() {
        const menu = kept && document.getElementById(kept.node.id);
        if (!menu || menu === kept.node) {
            // The old page is still shown.
            return;
        }
        menu.open = true;
        menu.querySelector("ul").scrollTop = kept.top;
        kept.node = menu;
        const place = find(opener);
        if (place && document.activeElement === document.body) {
            place.focus({ preventScroll: true });
        }
    }

    function placeOf(element) {
        const block = element.closest("section[id]");
        return {
            key: element.dataset.key || null,
            block: block ? block.id : null,
            text: element.textContent,
            row: element.closest("tr") ? element.closest("tr").rowIndex : null,
            column: element.closest("td, th") ? element.closest("td, th").cellIndex : null,
        };
    }

    function find(place) {
        if (!place) {
            return null;
        }
        if (place.key) {
            return document.querySelector('[data-key="' + CSS.escape(place.key) + '"]');
        }
        const block = place.block && document.getElementById(place.block);
        const table = block && block.querySelector("table");
        const row = table && place.row !== null && table.rows[place.row];
        const cell = row && row.cells[place.column];
        return cell ? cell.querySelector("a") : null;
    }

    document.addEventListener("keydown", (event) => {
        if (event.key !== "Escape") {
            return;
        }
        kept = null;
        if (!tipBox.hidden) {
            hideTip();
            return;
        }
        const menu = document.querySelector(".menu[open]");
        if (menu) {
            menu.open = false;
            menu.querySelector("summary").focus();
            return;
        }
        const close = document.querySelector(".drawer .close");
        if (close) {
            close.click();
        }
    });

    document.addEventListener("toggle", (event) => {
        const menu = event.target;
        // The event comes late, so its menu may belong to a page that is gone.
        if (menu.isConnected && menu.open && menu.classList.contains("menu")) {
            for (const other of document.querySelectorAll(".menu[open]")) {
                if (other !== menu) {
                    other.open = false;
                }
            }
        }
    }, true);

    window.addEventListener("popstate", () => {
        root.dataset.busy = "1";
    });

    /* ---------- what labels mean */

    const tipBox = document.createElement("div");
    tipBox.id = "tip";
    tipBox.hidden = true;
    tipBox.setAttribute("aria-hidden", "true");

    function showTip(element) {
        tipBox.textContent = element.dataset.tip;
        tipBox.hidden = false;
        const place = element.getBoundingClientRect();
        const size = tipBox.getBoundingClientRect();
        const left = Math.min(Math.max(8, place.left), window.innerWidth - size.width - 8);
        const below = place.bottom + 6 + size.height < window.innerHeight;
        tipBox.style.left = left + "px";
        tipBox.style.top = (below ? place.bottom + 6 : place.top - size.height - 6) + "px";
    }

    function hideTip() {
        tipBox.hidden = true;
    }

    for (const [on, off] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
        document.addEventListener(on, (event) => {
            const tip = event.target.closest && event.target.closest(".tip");
            if (tip) {
                showTip(tip);
            }
        });
        document.addEventListener(off, hideTip);
    }

    /* ---------- after each change */

    let settled = null;
    let view = "";
    let said = "";
    let before = "";

    function settle() {
        const main = document.getElementById("main");
        if (!main || (main === settled && main.dataset.view === view)) {
            return;
        }
        settled = main;
        view = main.dataset.view;
        delete root.dataset.busy;
        if (main.dataset.title) {
            document.title = main.dataset.title;
        }
        if (main.dataset.said && main.dataset.said !== said) {
            said = main.dataset.said;
            document.getElementById("said").textContent = said;
        }
        if (main.dataset.again) {
            window.setTimeout(() => window.location.reload(), 3000);
        }
        showCurrent();
        const path = window.location.pathname;
        const drawer = document.getElementById("detail");
        const now = drawer ? view : "";
        if (drawer && now !== before) {
            drawer.scrollTop = 0;
            drawer.focus();
        } else if (!drawer && before) {
            const place = find(opener);
            if (place) {
                place.focus({ preventScroll: true });
            }
        }
        reopen();
        before = now;
        if (path !== shownPath) {
            shownPath = path;
            window.scrollTo(0, 0);
        }
        if (wanted) {
            reveal(wanted);
            wanted = "";
        }
    }

    /* On a phone, the list of pages is wider than the screen. Scroll it to the current page. */
    function showCurrent() {
        const link = document.querySelector(".pages [aria-current]");
        const list = link && link.closest("ul");
        if (list && list.scrollWidth > list.clientWidth) {
            const place = link.getBoundingClientRect();
            const frame = list.getBoundingClientRect();
            list.scrollLeft += place.left - frame.left - (frame.width - place.width) / 2;
        }
    }

    let shownPath = window.location.pathname;
    let waiting = false;

    function watch() {
        document.body.appendChild(tipBox);
        new MutationObserver((changes) => {
            const own = changes.every((change) => change.target.closest && change.target.closest("#tip, #said"));
            if (own || waiting) {
                return;
            }
            waiting = true;
            window.requestAnimationFrame(() => {
                waiting = false;
                settle();
            });
        }).observe(document.body, {
            childList: true,
            subtree: true,
            attributes: true,
            attributeFilter: ["data-view"],
        });
        settle();
    }

    if (document.body) {
        watch();
    } else {
        document.addEventListener("DOMContentLoaded", watch);
    }
})();
