// Package colour turns the colours of a picture file into sRGB, which is what
// platforms and browsers take pictures without a profile for. It reads ICC
// profiles and what PNG says of its colours, and knows nothing of files.
//
// ICC profiles are read by github.com/kovidgoyal/imaging/prism/meta/icc. It is
// asked for a few thousand colours only: the tables made of them here convert a
// pixel in nanoseconds. Nothing of a profile is trusted: sizes are checked before
// the library sees it, and a profile that makes it panic is unreadable.
package colour
