// Package identity declares who may deploy: roles that workflows of one GitHub
// repository assume with a token of that run, without any stored key. Pull
// requests may look (preview), the default branch may look for drift, and one
// GitHub environment may deploy. Each trust names the exact subject, in the
// classic form and in the immutable one.
package identity
