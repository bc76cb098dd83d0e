package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
)

type passwordCommand struct {
	place
	Name string `arg:"" default:"admin" help:"The user."`
}

// Run gives a user another password, while allocators may serve. It is for when no
// admin can log in: whoever has a shell on the host as the service's user may.
func (c passwordCommand) Run(ctx context.Context) error {
	made, err := c.reset(ctx)
	if err != nil {
		return err
	}
	_, err = fmt.Printf("The password of %s is %s from now on. Log in and choose your own on the page /admin/account. The user's sessions and tokens have ended.\n", c.Name, made)
	return err
}

func (c passwordCommand) reset(ctx context.Context) (made string, err error) {
	data, settings, err := c.find()
	if err != nil {
		return "", err
	}
	a := &app{settings: settings, data: data, log: slog.Default()}
	defer a.close()
	if err := a.logIn(ctx); err != nil {
		return "", err
	}
	if err := a.openStore(ctx); err != nil {
		return "", err
	}
	made = strings.ToLower(rand.Text())
	return made, access.New(a.store, time.Now).SetPassword(ctx, access.Person{Name: allocator.Allocator}, c.Name, made)
}
