// Package secrets plants secrets in every corner of the program and looks for them
// in everything that it says and keeps (T-SECRET).
package secrets
