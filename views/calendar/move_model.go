package calendar

// MoveForm asks where a post shall go.
type MoveForm struct {
	ID      int64
	Version int64
	Op      string
	Zone    string // IANA name
	Place   string // "Dublin"
	Via     string
	From    string // day on which the page shows it, "tray", or empty
	Ctx     string // page to go back to
	Now     string // "Now: Tue 24 Nov, 18:30 (Dublin)"
	Note    string // what came of the last wish
	Refused string // why it cannot move at all
	Offers  []Offer
	Ask     *Offer // one question, instead of the fields

	Choices              []Choice
	To                   string // the ticked choice
	Date, Time           string
	DateError, TimeError string
	CanUnschedule        bool
}

// Choice is one of the times offered.
type Choice struct {
	ID    string
	Value string // 2026-11-25T18:30
	Label string
}

// Offer is a whole move behind one button.
type Offer struct {
	ID         int64
	Version    int64
	Op         string
	Zone       string
	From       string // as in MoveForm
	Ctx        string
	Date, Time string // empty: off the calendar
	Second     bool   // the later of two equal wall times
	Again      bool   // what failed may be tried again
	Undo       bool
	Label      string
	Main       bool
	Small      bool
}

// MoveAnswer is what the calendar shows after a move.
type MoveAnswer struct {
	ID       int64
	View     string
	Days     []Day
	Tray     *Tray
	Kind     string // of the toast
	Toast    string
	Say      string // for those who listen; with more words
	Offer    *Offer
	Link     string
	LinkText string
	Title    string
	Form     *MoveForm // a question to be answered first
}

// Key is a line of the list of keys.
type Key struct {
	Names []string
	Does  string
}
