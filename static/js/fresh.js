// Back shows a page as it is now, and none to whoever came after the sign-out:
// browsers keep the last pages as they were left.
const again = () => location.replace(location.pathname + location.search);

addEventListener("pageshow", async (e) => {
  if (!e.persisted) return;
  if (!document.querySelector("bs-composer")) return again();
  // What is typed there stays, if whoever typed it is still signed in.
  document.body.hidden = true;
  try {
    const { type, status } = await fetch(location.pathname + location.search, { method: "HEAD", redirect: "manual" });
    if (type === "opaqueredirect" || status === 403 || status === 404) return again();
  } catch { /* without a network, it stays as it was */ }
  document.body.hidden = false;
});
