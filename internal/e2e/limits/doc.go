// Package limits tests what happens where something is used up: the disk, the
// database, connections.
package limits
