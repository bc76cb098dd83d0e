#!/usr/bin/env bash
# Looks for what was changed by hand in STACK, and opens or updates one issue of
# $GITHUB_REPOSITORY with it, or closes that issue. Call by make drift-issue.
set -euo pipefail
stack=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

code=0
lablink drift --stack "$stack" >"$dir/drift.txt" || code=$?
cat "$dir/drift.txt"
if ((code > 1)); then
  echo "drift.sh: whether $stack was changed by hand cannot be told" >&2
  exit "$code"
fi

export TITLE="Drift in $stack"
issues=repos/$GITHUB_REPOSITORY/issues
number=$(gh api --paginate "$issues?state=open&creator=github-actions%5Bbot%5D" \
  --jq '.[] | select(.title == env.TITLE and .pull_request == null) | .number')
number=${number%%$'\n'*}
if ((code == 0)); then
  if [[ -n $number ]]; then
    gh api --silent --method PATCH "$issues/$number" --raw-field state=closed --raw-field state_reason=completed
  fi
  exit
fi
# GitHub takes 65 536 characters.
{
  echo "What is there is not what was deployed to \`$stack\`. Take it back with \`pulumi up --refresh -s $stack\`, or write it into the program or the settings."
  printf '\n````\n'
  head -c 60000 "$dir/drift.txt"
  printf '\n````\n'
} >"$dir/issue.md"
if [[ -z $number ]]; then
  gh api --silent --method POST "$issues" --raw-field "title=$TITLE" --field "body=@$dir/issue.md"
else
  gh api --silent --method PATCH "$issues/$number" --field "body=@$dir/issue.md"
fi
