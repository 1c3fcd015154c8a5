using DeterministicInference.Receipts.Models;
using DeterministicInference.Server.Configuration;
using DeterministicInference.Server.Engines;
using DeterministicInference.Server.Engines.Facts;
using DeterministicInference.Server.Machine;
using DeterministicInference.Server.Native;

namespace DeterministicInference.Server.Assessment;

/// <summary>Locates the files that an engine loads, and records which are missing before they are hashed.</summary>
/// <param name="facts">Lists what the engine loads.</param>
/// <param name="options">Settings.</param>
/// <param name="machine">The machine.</param>
internal sealed class ModelLocator(IEngineFacts facts, ServeOptions options, MachineFacts machine)
{
    private readonly HuggingFaceCache _cache = HuggingFaceCache.Of(machine.Variables, facts.DownloadFolder(options));

    /// <summary>The parts that the engine loads.</summary>
    public IReadOnlyList<ModelPart> Parts { get; } = facts.ModelParts(options, machine.Variables);

    /// <summary>Whether the engine is attached, so that the settings only declare what it has loaded.</summary>
    public bool IsDeclared => options.BackendUrl is not null;

    /// <summary>The files of a part, if they are on this machine.</summary>
    /// <returns>The path, and the commit for files of the hub's cache; null if there are none.</returns>
    public (string Path, string? Commit)? Find(ModelPart part) => _cache.Find(part);

    /// <summary>Records missing parts, and those that only the running engine can provide. Hashes nothing.</summary>
    public void Describe(FactSheet sheet)
    {
        foreach (ModelPart part in Parts)
        {
            if (Find(part) is { } found)
            {
                if (!CanBeRead(found.Path))
                    AddMissing(part, sheet);
                else if (IsDeclared)
                    AddDeclared(sheet);
            }
            else if (!IsDeclared && facts.DownloadsModels && HuggingFaceCache.IsName(part.Reference))
            {
                sheet.NeedsEngine(
                    $"whether the files of '{part.Reference}' can be hashed: they are not in this machine's cache of "
                        + "models, and the engine downloads them",
                    CodeFor(part)
                );
            }
            else
            {
                AddMissing(part, sheet);
            }
        }
        RequireModel(sheet);
    }

    /// <summary>Records a missing model if no setting names it.</summary>
    public void RequireModel(FactSheet sheet)
    {
        if (!Parts.Any(part => part.Name == ModelPart.Model))
            AddMissing(new ModelPart(ModelPart.Model, ""), sheet);
    }

    /// <summary>Records that the files of a part can't be hashed.</summary>
    public static void AddMissing(ModelPart part, FactSheet sheet)
    {
        if (part.Name == ModelPart.Model)
        {
            sheet.AddMissing(
                "model_not_measured",
                "The model's files can't be read from here, so receipts can't say which model answered. Give "
                    + "--model-path a local file or folder, or, where the engine downloads models, a name on the hub "
                    + "that is in this machine's cache."
            );
        }
        else
        {
            sheet.AddMissing(
                "part_not_measured",
                $"The files of '{part.Name}', which the engine loads beside the model, can't be read from here. Give "
                    + "their flag a local file or folder."
            );
        }
    }

    /// <summary>Records that the digest is of files that the engine may not have loaded.</summary>
    public static void AddDeclared(FactSheet sheet) =>
        sheet.AddMissing(
            "model_declared",
            "The model that the engine has loaded can't be checked, as this server did not launch the engine; "
                + "--model-path is only a statement. Let this server launch it (leave --backend-url out)."
        );

    private static string CodeFor(ModelPart part) =>
        part.Name == ModelPart.Model ? "model_not_measured" : "part_not_measured";

    private static bool CanBeRead(string path)
    {
        try
        {
            // Checks the permission instead of opening: a pipe would block until a writer opens it.
            return ModelDigest
                .FilesOf(path)
                .All(file => !OperatingSystem.IsLinux() || Libc.access(file, Libc.MayRead) == 0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
