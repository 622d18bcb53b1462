// Package crash kills and stops the real program while it publishes, with the tag
// crash.
package crash
