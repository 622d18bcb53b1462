package linkedin

// The simulator's tests compare these with what it reads by itself.
var (
	Little  = little
	Visible = visible
)
