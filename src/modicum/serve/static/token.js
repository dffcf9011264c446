// The token that an address brings along: kept for the tab, and taken out of sight; a new one begins the page anew.

const take = () => {
  const fragment = new URLSearchParams(location.hash.slice(1));
  if (!fragment.has("token")) return false;
  sessionStorage.setItem("token", fragment.get("token"));
  history.replaceState(null, "", location.pathname);
  return true;
};

take();
addEventListener("hashchange", () => { if (take()) location.reload(); });
