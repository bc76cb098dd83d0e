package cloud

// Recording is the account for making what urn names, whose id is told by id
// once it is known. Which resource urn became is kept in the same step in which
// the resource is made, so that an interrupted deployment can be told.
func (a *Account) Recording(urn string, id func() string) *Account {
	kept := false
	return &Account{core: a.core, made: func(m *model) {
		if id := id(); id != "" && !kept {
			m.Created[urn], kept = id, true
		}
	}}
}

// ForgetCreation forgets what urn became, where that was id.
func (a *Account) ForgetCreation(urn, id string) error {
	return a.change(func(m *model) error {
		if m.Created[urn] == id {
			delete(m.Created, urn)
		}
		return nil
	})
}

// Creation is the id of what urn became, or "".
func (a *Account) Creation(urn string) string {
	var id string
	_ = a.view(func(m *model) error { id = m.Created[urn]; return nil })
	return id
}
