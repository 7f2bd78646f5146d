# Which test made which call: tests run one after the other, so a call belongs to the test within whose time it was made.

# The calls that passed tests made, each with its test; what set-ups called is nobody's test and left out.
function Get-TestedCall($Result) {
    $tests = @($Result.Passed | Where-Object ExecutedAt | Sort-Object ExecutedAt)
    $begins = [datetime[]] $tests.ExecutedAt
    foreach ($call in [CallRecorder]::Calls) {
        $index = [array]::BinarySearch($begins, $call.At)
        $index = $index -lt 0 ? -bnot $index - 1 : $index
        if ($index -ge 0 -and $call.At -le $begins[$index] + $tests[$index].Duration) {
            Add-Member -InputObject $call -NotePropertyName Test -NotePropertyValue $tests[$index] -PassThru
        }
    }
}
