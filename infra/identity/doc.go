// Package identity declares who may deploy: roles that workflows of one GitHub
// repository assume with a token of that run, without any stored key. Pull
// requests may look (preview), the default branch may look for drift, one GitHub
// environment may deploy, and end-to-end tests may deploy an environment beside it,
// outside production. Each trust names the exact subject, in the
// classic form and in the immutable one.
package identity
