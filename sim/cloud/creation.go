package cloud

// RecordCreation remembers which resource a deployment's URN became, so that
// an interrupted deployment can be told.
func (a *Account) RecordCreation(urn, id string) error {
	return a.change(func(m *model) error { m.Created[urn] = id; return nil })
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
