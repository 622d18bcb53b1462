//go:build browser

package browser

import "testing"

// TestBrowserThreadIsWrittenAndSeen: a thread is written below the text, text by text;
// each has its count and its place in the preview, a picture says which it is shown with,
// and nothing is lost when one is taken away or the page is read again.
func TestBrowserThreadIsWrittenAndSeen(t *testing.T) {
	p := plan(t)
	for _, size := range []view{phone, desktop} {
		b := p.signIn(size)
		b.open("/posts/new")
		b.until(`document.querySelector("bs-composer").matches(":defined")`)
		b.fill("text", "Trials are on Saturday.")
		b.click("Continue as a thread")
		b.until(`document.activeElement.id === "part-1"`)
		b.fill("part-1", "Bring boots.")
		b.until(`document.querySelector("#counters-part-1").textContent.includes("12 of")`)
		b.click("Continue as a thread")
		b.until(`document.activeElement.id === "part-2"`)
		b.fill("part-2", "Parents are welcome.")
		b.until(`[...document.querySelectorAll(".preview-follows")].some((n) => n.textContent.includes("Parents are welcome."))`)
		b.click("Add a first comment")
		b.until(`document.activeElement.id === "part-3" && !document.querySelector("#add-comment")`)
		b.fill("part-3", "Questions?")
		b.until(`document.querySelector("#save-state[data-saved]") && location.pathname.endsWith("/edit")`)
		script[bool](b, `document.querySelector("[value=dropped-1]").click(), true`)
		b.until(`document.querySelectorAll(".part-field").length === 2 && document.querySelector("#part-1").value === "Parents are welcome."`)
		b.until(`document.querySelector("#save-state[data-saved]")`)
		b.load(func() { script[bool](b, `location.reload(), true`) })
		b.until(`document.querySelector("#part-1").value === "Parents are welcome." && document.querySelector("#part-2").value === "Questions?"`)
		b.accessible("a thread in the composer")
	}
}
