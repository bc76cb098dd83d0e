package api

// Connect brings a participant's one-time code, for the machine that they hold.
type Connect struct {
	Command string `json:"command" minLength:"1" maxLength:"1000" doc:"The command for Debian Linux of remotedesktop.google.com/headless, or the code in it"`
	Again   bool   `json:"again,omitempty" doc:"Connect the machine anew, though it is connected already"`
}

// StartRemote brings the one-time code by which a participant connects the machine that
// they hold with Chrome Remote Desktop: POST /remote through its tunnel. It is used once,
// and kept nowhere.
type StartRemote struct {
	// Session is the hold on the machine that it is for.
	Session string `json:"session"`
	// Command is what the participant pasted: the code, or the command with it.
	Command string `json:"command"`
	// Name is what the participant finds the machine by.
	Name string `json:"name"`
	// Again connects a machine anew that is connected already.
	Again bool `json:"again,omitempty"`
}

// RemoteDesktop is how far a machine is connected with Chrome Remote Desktop: GET /remote
// through its tunnel.
type RemoteDesktop struct {
	State string `json:"state" enum:"waiting,starting,ready,failed" doc:"waiting: for the participant's code"`
	// PIN is asked for by Chrome Remote Desktop when the participant comes to the desktop.
	PIN     string `json:"pin,omitempty" maxLength:"12" doc:"What Chrome Remote Desktop asks for; only while it is ready"`
	Name    string `json:"name,omitempty" maxLength:"64" doc:"What the machine is called there"`
	Trouble string `json:"trouble,omitempty" maxLength:"500" doc:"Why it could not be connected, for the participant"`
}

// How far a machine is connected.
const (
	RemoteWaiting  = "waiting"
	RemoteStarting = "starting"
	RemoteReady    = "ready"
	RemoteFailed   = "failed"
)
