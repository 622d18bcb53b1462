// Package browser tests what people see: in Chromium, with the tag browser, and by
// reading every page as a browser would.
package browser
