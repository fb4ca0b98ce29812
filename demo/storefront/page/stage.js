// The frame around the two: a visitor's address bar, and a visitor nobody knows.

const shop = document.querySelector("#shop");
const address = document.querySelector("#address");
const start = shop.getAttribute("src");

/** Other pages of this machine have cookies here as well. */
const OURS = /\b(?:demo_\w+|_ga|_fb[cp]|_gcl_\w+)(?==)/g;

shop.addEventListener("load", () => {
  const {host, pathname, search} = shop.contentWindow.location;
  address.textContent = `${host}${pathname}${search}`;
});

document.querySelector("#fresh").addEventListener("click", () => {
  const page = shop.contentWindow;
  // The client forgets what it keeps when the visitor withdraws.
  (function () {
    page.dataLayer?.push(arguments);
  })("consent", "update", {ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied", analytics_storage: "denied"});
  setTimeout(() => {
    for (const name of document.cookie.match(OURS) ?? []) document.cookie = `${name}=;path=/;max-age=0`;
    // Where the page had not got as far as its client.
    for (const key of Object.keys(localStorage)) if (key.startsWith("edgetally.")) localStorage.removeItem(key);
    shop.src = start;
  }, 100);
});
