using System.Globalization;
using LlmOps.Accuracy;
using LlmOps.Models;

// Usage: LlmOps.Accuracy MEMORY-CASES.JSON MODELS-FOLDER [worst N] [case ID]
if (args.Length < 2)
{
    Console.Error.WriteLine("usage: LlmOps.Accuracy MEMORY-CASES.JSON MODELS-FOLDER [worst N | case ID]");
    return 2;
}

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
Dictionary<string, ModelDescription> models = [];
List<Comparison> all = [];
foreach (MeasuredCase measured in MeasuredCase.Read(args[0]))
{
    string path = Path.Combine(args[1], $"{measured.Model}.{measured.Mix}.gguf");
    if (!models.TryGetValue(path, out ModelDescription? model))
    {
        models[path] = model = ModelReader.Read(path);
    }

    all.AddRange(Comparison.Of(measured, model));
}

AccuracyTable.Print(all);
if (args.Length == 4)
{
    int number = int.Parse(args[3]);
    AccuracyTable.PrintRows(args[2] == "case"
        ? all.Where(item => item.Case.Id == number)
        : all.OrderByDescending(item => Math.Abs(Comparison.ExactError(item.Compute, item.Measured.Compute))).Take(number));
}

return 0;
