// The frame around the two: a visitor's address bar, and a visitor nobody knows.

const shop = document.querySelector("#shop");
const address = document.querySelector("#address");
const start = shop.getAttribute("src");

shop.addEventListener("load", () => {
  const {host, pathname, search} = shop.contentWindow.location;
  address.textContent = `${host}${pathname}${search}`;
});

document.querySelector("#fresh").addEventListener("click", () => {
  const page = shop.contentWindow;
  // The client forgets what it keeps when the visitor withdraws, the cookies that it had set too.
  (function () {
    page.dataLayer?.push(arguments);
  })("consent", "update", {ad_storage: "denied", ad_user_data: "denied", ad_personalization: "denied", analytics_storage: "denied"});
  setTimeout(() => {
    for (const name of document.cookie.match(/\bdemo_\w+(?==)/g) ?? []) document.cookie = `${name}=;path=/;max-age=0`;
    shop.src = start;
  }, 100);
});
