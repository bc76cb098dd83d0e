package agent

// ordersName is what the number of the newest order is kept under, and what it began.
const ordersName = "orders"

// orders are the orders that an agent has had.
type orders struct {
	Newest  int64  `json:"newest"`
	Session string `json:"session,omitempty"` // that the desktop may still have
}

// recallOrder reads once which order was the newest: one that is late is refused after a
// restart, too. Where that cannot be read the agent takes the next one, whichever it is.
func (s *Sessions) recallOrder() {
	s.recall.Do(func() {
		var had orders
		if s.Memory != nil && s.Memory.Recall(ordersName, &had) == nil {
			s.number, s.left = had.Newest, had.Session
		}
	})
}

// keepOrder keeps it before it is carried out. One that cannot be kept is carried out all
// the same: somebody waits for it.
func (s *Sessions) keepOrder() {
	if s.Memory != nil {
		_ = s.Memory.Keep(ordersName, orders{s.number, s.left})
	}
}

// keepLeft keeps which session the desktop may have from now on: an agent that starts
// again is not told of one whose seat has ended, and ends it all the same.
func (s *Sessions) keepLeft(id string) {
	if s.left != id {
		s.left = id
		s.keepOrder()
	}
}
