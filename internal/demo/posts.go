package demo

import "slices"

// Password is what the people of the demo sign in with.
const Password = "practice makes perfect"

// fate is what becomes of a demo post.
type fate string

const (
	toPublish   fate = "published"
	toBeRefused fate = "refused" // one platform says no
	toBeLate    fate = "late"    // Bandstand was off when it was due
	toSchedule  fate = "scheduled"
	toPlan      fate = "planned" // a draft with a place on the calendar
	toKeep      fate = "idea"    // a draft without one
)

// post is one post of the furnished club. Day counts from today.
type post struct {
	day      int
	clock    string
	fate     fate
	picture  int // index of scenes, -1 for none
	campaign string
	text     string
}

// Picture is one picture of the demo's library.
type Picture struct {
	draw scene
	Name string // of its file
	Alt  string // its description
}

// JPEG draws the picture.
func (p Picture) JPEG(width, height int) ([]byte, error) { return jpegOf(p.draw, width, height) }

// Pictures are the demo's library.
func Pictures() []Picture { return slices.Clone(scenes) }

var scenes = []Picture{
	{pitch, "pitch.jpg", "The pitch from above, freshly marked"},
	{evening, "evening.jpg", "The sun goes down behind the hills beside the ground"},
	{notes, "notes.jpg", "Sheet music on the stage"},
	{balls, "balls.jpg", "Nine training balls in a heap"},
}

// posts are two months of a small club, in the order of their days.
var posts = []post{
	{-57, "18:30", toPublish, 0, "Season", "The pitch is marked and the nets are up. Season opener on Saturday at three: bring a friend and a warm hat."},
	{-54, "12:15", toPublish, -1, "", "Tickets for the opener are at the clubhouse until Friday, six o'clock. Under-16s come in free."},
	{-51, "20:10", toPublish, 1, "Season", "2:1 in the last minute. What an evening. Thank you to everybody who stayed and sang."},
	{-47, "09:00", toPublish, -1, "", "We are looking for two volunteers for the tea stall on Sunday mornings. It comes with free tea."},
	{-44, "18:30", toPublish, 3, "Trials 2026", "Under-12 trials are open. Boots, water and curiosity are all you need. Tuesdays at five on pitch two."},
	{-40, "17:00", toPublish, 2, "", "Our supporters' choir is back. First rehearsal on Thursday at half past seven in the clubhouse, no notes needed."},
	{-37, "18:30", toPublish, 0, "", "Work party on Saturday: we paint the stand. Rollers are there, sandwiches too. Ten o'clock, old clothes."},
	{-33, "19:45", toPublish, -1, "Season", "Away on Sunday. The bus leaves at nine from the clubhouse, eight places are free. Tell Tom."},
	{-30, "20:30", toPublish, 1, "Season", "A point away from home and a sunset on the way back. We take both."},
	{-26, "18:30", toPublish, 3, "Trials 2026", "42 children came to the trials. Forty-two. Thank you to all coaches and to all parents who carried balls."},
	{-23, "12:00", toPublish, -1, "", "Training for the first team is at seven this Thursday, not at half past six. The floodlights get new bulbs."},
	{-20, "18:30", toPublish, 0, "", "The new drainage works: it rained all night and the pitch is green, not grey."},
	{-16, "09:30", toPublish, 2, "", "Open stage on Friday. Three bands, one choir, and soup. Doors at seven."},
	{-13, "18:30", toPublish, -1, "Sponsors", "Thank you to Byrne's Bakery, who give the rolls for every home game this season."},
	{-10, "19:00", toPublish, 1, "Season", "Under the lights for the first time this winter. 3:0, and three different scorers."},
	{-7, "18:30", toBeRefused, 3, "Trials 2026", "Second round of the under-12 trials: same place, same time, same biscuits."},
	{-4, "12:15", toPublish, 0, "", "The pitch inspection says: we play. Kick-off at three on Saturday."},
	{-2, "20:00", toPublish, 2, "", "What a night at the open stage. The choir sang four encores. See you in spring."},
	{-1, "18:30", toBeLate, -1, "", "Volunteers' evening is moved to Thursday. Same soup."},
	{1, "18:30", toSchedule, 0, "Season", "Match day tomorrow. Gates at two, kick-off at three, tea all day."},
	{2, "12:30", toSchedule, -1, "", "Reminder: membership fees are due by the end of the month. The form is at the clubhouse and on our page."},
	{3, "20:00", toPlan, -1, "Season", "Result (write after the game)"},
	{5, "18:30", toSchedule, 3, "Trials 2026", "Trials, third and last round. If you missed the first two, come now."},
	{8, "17:00", toSchedule, 2, "", "The choir rehearses for the winter concert. New voices are welcome until December."},
	{9, "18:30", toPlan, 1, "", "Photo from the floodlit game, with thanks to all who helped"},
	{12, "18:30", toSchedule, 0, "Season", "Last home game of the year. After it: soup, songs and the raffle."},
	{15, "12:00", toSchedule, -1, "Sponsors", "Thank you to Reid's Garage, who bring our youngest to every away game."},
	{20, "18:30", toSchedule, 2, "", "Winter concert on the 19th. Tickets at the door, children sit on the floor."},
	{0, "", toKeep, -1, "Sponsors", "Thank our sponsors, one a week"},
	{0, "", toKeep, 3, "", "Portrait of the kit manager"},
	{0, "", toKeep, -1, "", "Birthday of the clubhouse: 60 years in March"},
}
