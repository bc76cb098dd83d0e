#!/usr/bin/env bash
# Posts FILE as a comment on pull request PR of $GITHUB_REPOSITORY, or in place of
# the comment of a workflow that begins with the same line, which is a marker.
set -euo pipefail
pr=$1 file=$2
MARKER=$(head -n 1 "$file")
export MARKER
if [[ $MARKER != '<!-- lablink '*' -->' ]]; then
  echo "comment.sh: the first line of $file is no marker: $MARKER" >&2
  exit 1
fi
comments=repos/$GITHUB_REPOSITORY/issues
id=$(gh api --paginate "$comments/$pr/comments" \
  --jq '.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id')
if [[ -z $id ]]; then
  gh api --silent --method POST "$comments/$pr/comments" --field "body=@$file"
else
  gh api --silent --method PATCH "$comments/comments/${id%%$'\n'*}" --field "body=@$file"
fi
