using System.Globalization;
using LlmOps.Accuracy;
using LlmOps.Models;

// Usage: LlmOps.Accuracy MEMORY-CASES.JSON [MODELS-FOLDER | -] [worst N | case ID | fixture FILE | speed]
if (args.Length < 2)
{
    Console.Error.WriteLine("usage: LlmOps.Accuracy MEMORY-CASES.JSON MODELS-FOLDER [worst N | case ID | fixture FILE | speed]; - instead of a folder takes the models' outlines from the file");
    return 2;
}

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args[0] == "vllm")
{
    VllmTable.Print(args[1]);
    return 0;
}

Dictionary<string, ModelDescription> models = args[1] == "-" ? new(ModelOutline.Read(args[0])) : []; // by name and mix
List<Comparison> all = [];
foreach (MeasuredCase measured in MeasuredCase.Read(args[0]))
{
    string name = $"{measured.Model}.{measured.Mix}";
    if (!models.TryGetValue(name, out ModelDescription? model))
    {
        models[name] = model = ModelReader.Read(Path.Combine(args[1], name + ".gguf"));
    }

    all.AddRange(Comparison.Of(measured, model));
}

AccuracyTable.Print(all);
if (args is [_, _, "fixture", string fixture])
{
    FixtureWriter.Write(args[0], models, fixture, casesOfEach: 6);
}
else if (args is [_, _, "speed"])
{
    SpeedTable.Print(MeasuredCase.Read(args[0]), models);
}
else if (args.Length == 4)
{
    int number = int.Parse(args[3]);
    AccuracyTable.PrintRows(args[2] == "case"
        ? all.Where(item => item.Case.Id == number)
        : all.OrderByDescending(item => Math.Abs(Comparison.ExactError(item.Compute, item.Measured.Compute))).Take(number));
}

return 0;
