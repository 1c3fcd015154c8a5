#!/usr/bin/env bash
# Runs tests several times in a row and tells how often each of them passed and failed. Needs a build (dotnet build -c Release).
#
#   tests/repeat.sh 20 '*KillTests' '*RestartTests'
#
# The names are those of test classes of Server.Tests; a * stands for any beginning or end. The output of a run that failed
# stays in the folder that the last line names. Exit code 1 if any test failed in any run, or a run broke off.
set -u
[ $# -ge 2 ] || { echo "usage: $0 COUNT CLASS…" >&2; exit 2; }
count=$1
shift
tests=$(cd "$(dirname "$0")/.." && pwd)/artifacts/bin/DeterministicInference.Server.Tests/release/DeterministicInference.Server.Tests
results=$(mktemp -d)
filters=()
for class in "$@"; do filters+=(-class "$class"); done
broken=0
for run in $(seq "$count"); do
    "$tests" "${filters[@]}" -noColor -result-xml "$results/$run.xml" </dev/null >"$results/$run.log" 2>&1
    status=$?
    if [ ! -s "$results/$run.xml" ]; then broken=$((broken + 1)); fi
    echo "run $run of $count: $(grep -o 'Total: .*' "$results/$run.log" || echo "broke off with code $status")"
    [ "$status" -ne 0 ] || rm -f "$results/$run.log"
done

# One line per test: <test name="…" … result="Pass" …>
cat "$results"/*.xml 2>/dev/null | tr '\n' ' ' | grep -o '<test [^>]*>' |
    sed -n 's/.* name="\([^"]*\)".* result="\([A-Za-z]*\)".*/\2 \1/p' | sed 's/\\*&quot;/"/g; s/&amp;/\&/g' |
    awk '{
        result = $1
        sub(/^[A-Za-z]+ /, "")
        seen[$0] = 1
        number[result, $0]++
        if (result == "Fail") failures++
    }
    END {
        print "passed failed skipped  test"
        for (name in seen) printf "%6d %6d %7d  %s\n", number["Pass", name], number["Fail", name], number["Skip", name], name | "sort -k4"
        close("sort -k4")
        exit failures > 0
    }'
failed=${PIPESTATUS[4]}
rm -f "$results"/*.xml
rmdir "$results" 2>/dev/null || echo "Output of failed runs: $results"
[ "$failed" -eq 0 ] && [ "$broken" -eq 0 ]
