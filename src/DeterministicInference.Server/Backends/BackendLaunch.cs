namespace DeterministicInference.Server.Backends;

/// <summary>How an engine is started: data, so that tests can compare it.</summary>
/// <param name="File">Executable, looked up in PATH where it has no slash.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="Environment">Variables on top of the inherited ones.</param>
internal sealed record BackendLaunch(string File, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment);
