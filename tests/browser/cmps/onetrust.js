// OneTrust: for a moment its global is an object with nothing but a country in it. The groups are strings with commas at both ends, the defaults of the
// visitor's region until somebody answers; `OneTrustGroupsUpdated` is raised for the defaults too.
let closed = false;
const groups = (list) => {
  window.OnetrustActiveGroups = window.OptanonActiveGroups = `,${list.join(",")},`;
  window.dispatchEvent(new CustomEvent("OneTrustGroupsUpdated", {detail: list}));
};

window.fake = {
  half() {
    window.OneTrust = {geolocationResponse: {countryCode: "DE"}};
  },
  load(list, answered = false) {
    closed = answered;
    window.OneTrust = {IsAlertBoxClosed: () => closed};
    groups(list);
    if (window.OptanonWrapper) window.OptanonWrapper();
  },
  save(list) {
    closed = true;
    groups(list);
  },
};
