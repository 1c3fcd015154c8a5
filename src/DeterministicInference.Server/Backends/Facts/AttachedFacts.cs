namespace DeterministicInference.Server.Backends.Facts;

/// <summary>What is not known of any engine that somebody else has started.</summary>
internal static class AttachedFacts
{
    public static void Describe(FactSheet sheet) =>
        sheet.Lacks("machine_unknown", "Somebody else has started the engine, so that its machine, variables and packages are not known. Let this server launch it (leave --backend-url out).");
}
