package api

// StartSession names a participant's hold on a machine, for the agent that starts the
// desktop: POST /session through its tunnel. The same one again changes nothing,
// another one ends the one before.
type StartSession struct {
	ID string `json:"id"`
	// Number rises from one order to the next: an agent takes none with a lower one than
	// it has had. 0, as of older allocators: it is not known.
	Number int64 `json:"number,omitempty"`
}

// SessionStatus is the session that an agent has.
type SessionStatus struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	ID string `json:"id" maxLength:"100" doc:"The session's id; empty while there is none"`
	// IdleSeconds is how long its participant has done nothing. Unknown is absent, and
	// is not idle.
	IdleSeconds *int   `json:"idle_seconds,omitempty" minimum:"0" doc:"For how long its participant has done nothing; absent where that is not known"`
	Desktop     string `json:"desktop,omitempty" maxLength:"20" doc:"What its participant sees of the machine: vnc, or crd by Chrome Remote Desktop; absent where it shows no desktop"`
	Watchers    int    `json:"watchers,omitempty" minimum:"0" doc:"How many of the staff look at the desktop"`
	// Controllers are those of the watchers who also type and point.
	Controllers int    `json:"controllers,omitempty" minimum:"0" doc:"How many of the staff work on the desktop"`
	Trouble     string `json:"trouble,omitempty" maxLength:"500" doc:"Why a session could not be started, for people"`
}

// ViewHeader tells an agent how somebody may see a desktop. The allocator sets it, and
// takes it from nobody: ViewOnly is for who watches, ViewControl for who watches and also
// types and points on the desktop of somebody else, and without it one works on one's own.
const (
	ViewHeader  = "Lablink-View"
	ViewOnly    = "only"
	ViewControl = "control"
)

// WordsHeader tells an agent what the page of its desktop says (viewer.Language). The allocator
// sets it where that is not English, and takes it from nobody.
const WordsHeader = "Lablink-Words"

// What a small picture of a desktop may be: GET /desktop/preview of an agent, a JPEG. Its
// size is in pixels, and in bytes.
const (
	PreviewWidth  = 480
	PreviewHeight = 270
	MaxPreview    = 64 << 10
)

// PageHeader tells the allocator what a page below /desktop/ is made of: ImagePage is one
// that a desktop's image brings, which needs more of a browser than LabLink's own.
const (
	PageHeader = "Lablink-Page"
	ImagePage  = "image"
)
