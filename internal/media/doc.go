// Package media takes in pictures that people upload, and makes the copies that
// are shown and sent. Nothing of an upload survives but its pixels: every file
// it keeps or hands out was encoded by Bandstand itself (rules U1–U3). It keeps
// rows through Catalogue and draws no pages.
package media
