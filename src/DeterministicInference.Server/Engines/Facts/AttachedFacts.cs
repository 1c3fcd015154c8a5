namespace DeterministicInference.Server.Engines.Facts;

/// <summary>Facts that are unknown for every attached engine.</summary>
internal static class AttachedFacts
{
    public static void Describe(FactSheet sheet) =>
        sheet.AddMissing(
            "machine_unknown",
            "This server did not launch the engine, so the engine's machine, variables and packages are unknown. "
                + "Let this server launch it (leave --backend-url out)."
        );
}
