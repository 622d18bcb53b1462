// Package people holds the pages about who one is: sign-in, set-up, profile,
// members, invitations.
package people

// SignInForm is what a person typed to sign in.
type SignInForm struct {
	Email  string
	To     string // path to go on to
	Dialog bool   // in a dialog, because a sign-in ended in the middle of work
	Error  string
}
