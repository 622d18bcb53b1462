// Package failpoint marks the moments at which a power cut or a disk that takes
// nothing would hurt most: before and after every commit, journal line, request
// and response of the engine and of the sign-ins. The crash harness ends the
// program there, or makes it fail there. Without the build tag failpoints
// nothing of it is in the program.
package failpoint
