// Google's snippet, and what the tag manager does to `dataLayer` when it loads: it puts its own `push` over the one that is there.
window.fake = {
  snippet() {
    window.dataLayer = window.dataLayer || [];
    window.gtag = function () {
      window.dataLayer.push(arguments);
    };
  },
  load() {
    const push = window.dataLayer.push;
    window.dataLayer.push = (...entries) => push.apply(window.dataLayer, entries);
  },
};
