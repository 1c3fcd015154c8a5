namespace DeterministicInference.Receipts.Tests.Log;

/// <summary>
/// Sigstore Rekor's key and a checkpoint that it has signed: transparency-dev/formats, note/note_verifier_test.go.
/// </summary>
internal static class RekorNote
{
    public const string Name = "rekor.sigstore.dev";

    public const string Spki =
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+"
        + "2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==";

    public const string VerifierKey =
        Name
        + "+c0d23d6a+"
        + "AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+"
        + "smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=";

    public const string Text = "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n";

    public const string Note =
        Text
        + "\n\u2014 "
        + Name
        + " wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n";
}
