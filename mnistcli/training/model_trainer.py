"""Model trainer: train one model, new or resumed, then calibrate and evaluate it.

The calibration uses the validation set, or training images if there is none.
"""

from typing import NamedTuple

import keras
import numpy as np
from numpy.typing import NDArray

from mnistcli import checkpoints
from mnistcli.architectures import build_model
from mnistcli.config import TrainConfig
from mnistcli.digit_thresholds import NO_DIGIT_THRESHOLDS, DigitThresholds
from mnistcli.errors import RunError
from mnistcli.evaluation import Evaluation, evaluate, evaluate_probabilities
from mnistcli.inference.classifier import Classifier
from mnistcli.inference.interface_detection import load_model
from mnistcli.inference.litert_conversion import build_keras_predictor, save_litert
from mnistcli.model_lookup import ModelRef
from mnistcli.runs.history import EpochRow
from mnistcli.runs.run import Run
from mnistcli.system.devices import find_devices
from mnistcli.system.environment import describe_environment
from mnistcli.training.calibration import calibrate
from mnistcli.training.callbacks import RunRecorder, TrainingCallback
from mnistcli.training.custom_architecture import CustomArchitecture
from mnistcli.training.data import TrainingData
from mnistcli.training.ensembles import member_configs
from mnistcli.training.fine_tuning import freeze_early, unfreeze
from mnistcli.training.fingerprint import Fingerprint, hash_data, take_fingerprint
from mnistcli.training.loop import fit
from mnistcli.training.rejection_thresholds import fit_digit_thresholds
from mnistcli.training.replicas import replica_scope
from mnistcli.training.results import TrainResult
from mnistcli.training.resume_state import ResumeState
from mnistcli.training.saving import EpochSaver, NullSaver

# Training images to fit the temperature on if there are no validation images: it is one number.
_CALIBRATION_IMAGES = 6000
# Images for the check against chance: training images are added if validation has fewer.
_CHANCE_IMAGES = 500


class _KeptModelResult(NamedTuple):
    """A kept model on the validation images: metrics, thresholds, and whether it is at chance."""

    validation: Evaluation | None
    digit_thresholds: DigitThresholds
    is_at_chance: bool


class ModelTrainer:
    """Trains models on the same images, from the same base model.

    Args:
        data: The images.
        base_model: The model to fine-tune; None for new models.
        callback: Receives the progress.
        architecture: The custom architecture of new models; None for a built-in one.
        resume: Whether to continue runs that were stopped.
    """

    def __init__(
        self,
        data: TrainingData,
        base_model: ModelRef | None,
        callback: TrainingCallback,
        *,
        architecture: CustomArchitecture | None = None,
        resume: bool,
    ) -> None:
        self._data = data
        self._base_model = base_model
        self._callback = callback
        self._architecture = architecture
        self._resume = resume
        self._hashes = hash_data(data, base_model.files[0] if base_model else None)

    def write_description(self, config: TrainConfig, run: Run) -> None:
        """Write the config and the environment of a run, and the source of its architecture."""
        datasets = dict.fromkeys(
            [self._data.name, *(self._base_model.datasets if self._base_model else ())]
        )
        run.write_config(config)
        if self._architecture is not None:
            run.write_architecture(self._architecture.source)
        run.write_environment(describe_environment(config.device) | {"trained_on": list(datasets)})

    def train_members(self, config: TrainConfig, run: Run) -> list[TrainResult]:
        """Train the members of an ensemble that are not finished."""
        return [self.train_member(config, run, number + 1) for number in range(config.ensemble)]

    def train_member(self, config: TrainConfig, run: Run, number: int) -> TrainResult:
        """Train one member of an ensemble, counted from 1, unless it is finished."""
        member_config = member_configs(config)[number - 1]
        member = run.member(number)
        if not member.has_config:
            member = run.create_member(number, member_config)
        result = self.train_model(member_config, member, number, config.ensemble)
        if not member.is_finished:
            member.write_metrics(result.as_dict())
        return result

    def train_model(
        self, config: TrainConfig, run: Run, member: int = 1, members: int = 1
    ) -> TrainResult:
        """Train or resume one model, and write its run except for the metrics.

        If the run belongs to a finished member of an ensemble, its result is returned.
        """
        fingerprint = take_fingerprint(config, self._hashes)
        state = self._read_state(run, fingerprint)
        keras.utils.set_random_seed(config.seed)
        devices = find_devices(config.device)
        with replica_scope(devices):
            model = self._build(config)
            base_validation = self._evaluate_base_model(model)
            recorder = RunRecorder(
                config,
                model,
                self._callback,
                member=member,
                members=members,
                rows=state.rows if state else (),
                kept=state.kept if state else 0,
            )
            saver = EpochSaver(run, model, recorder, fingerprint, state)
            if state is None:
                self.write_description(config, run)
            elif not run.is_finished:
                run.write_config(config)
            if state is None or not state.calibrating:
                fit(config, model, self._data, recorder, saver, devices=devices)
        trained_parameters = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
        kept_result = self._calibrate_and_save(config, run, saver)
        return TrainResult(
            run=run,
            config=config,
            kept=recorder.kept,
            epochs=len(recorder.history),
            seconds=saver.seconds,
            parameters=model.count_params(),
            trained_parameters=trained_parameters,
            training_images=len(self._data.train),
            digit_thresholds=kept_result.digit_thresholds,
            is_at_chance=kept_result.is_at_chance,
            test=evaluate(Classifier.load(run.model_file), self._data.test),
            validation=kept_result.validation,
            base_validation=base_validation,
            base_trained_on=self._base_model.datasets if self._base_model else (),
        )

    def train_unsaved(self, config: TrainConfig) -> EpochRow:
        """Train one model without writing files, and return its kept epoch."""
        keras.utils.set_random_seed(config.seed)
        devices = find_devices(config.device)
        with replica_scope(devices):
            model = self._build(config)
            recorder = RunRecorder(config, model, self._callback)
            fit(config, model, self._data, recorder, NullSaver(recorder), devices=devices)
        return recorder.kept

    def _read_state(self, run: Run, fingerprint: Fingerprint) -> ResumeState | None:
        """Return the state of a run that is resumed; None if no epoch has ended.

        Raises:
            RunError: The state is damaged, or the settings, data or versions differ.
        """
        state = ResumeState.read(run.resume_file) if self._resume else None
        if state is None:
            if self._resume and run.model_files:
                raise RunError(f"cannot resume {str(run.path)!r}: no {run.resume_file.name} in it")
            return None
        state.fingerprint.require_same(fingerprint)
        epochs = fingerprint.settings["epochs"]
        if state.calibrating and epochs != state.fingerprint.settings["epochs"]:
            raise RunError(
                f"cannot resume with {epochs} epochs: the training of {str(run.path)!r} has ended "
                f"after {len(state.rows)}"
            )
        return state

    def _build(self, config: TrainConfig) -> keras.Model:
        """Return a new model, or the base model with its early layers frozen."""
        if self._architecture is not None:
            return self._architecture.build()
        if self._base_model is None:
            return build_model(config.arch, dropout=config.dropout)
        model = load_model(self._base_model)
        freeze_early(model)
        return model

    def _evaluate_base_model(self, model: keras.Model) -> Evaluation | None:
        if self._base_model is None or self._data.validation is None:
            return None
        return evaluate(Classifier(build_keras_predictor(model)), self._data.validation)

    def _calibrate_and_save(
        self, config: TrainConfig, run: Run, saver: EpochSaver
    ) -> _KeptModelResult:
        """Calibrate the kept model, unfreeze it, write it with its LiteRT file, and evaluate it."""
        model = saver.load_kept_model()
        unfreeze(model)
        count = _CALIBRATION_IMAGES if config.label_smoothing else 0
        images = self._data.validation or self._data.train.subset(count)
        probabilities = Classifier(build_keras_predictor(model)).predict(images.images)
        if config.label_smoothing:
            probabilities = calibrate(model, probabilities, images.labels)
        if not run.is_finished:
            checkpoints.compile_for_evaluation(model)
            checkpoints.save(model, run.model_file)
            save_litert(model, run.model_file)
        validation = None
        if self._data.validation is not None:
            validation = evaluate_probabilities(images.labels, probabilities)
        is_at_chance = self._is_at_chance(model, images.labels, probabilities)
        # The images to fine-tune on are too few for new thresholds.
        if self._base_model is not None:
            thresholds = self._base_model.digit_thresholds
        else:
            thresholds = fit_digit_thresholds(probabilities) if validation else NO_DIGIT_THRESHOLDS
        return _KeptModelResult(validation, thresholds, is_at_chance)

    def _is_at_chance(
        self, model: keras.Model, labels: NDArray[np.int64], probabilities: NDArray[np.float32]
    ) -> bool:
        """Return whether a model is no better than chance, on at least `_CHANCE_IMAGES` images."""
        if len(labels) and not evaluate_probabilities(labels, probabilities).is_at_chance:
            return False
        more = self._data.train.subset(max(0, _CHANCE_IMAGES - len(labels)))
        predicted = Classifier(build_keras_predictor(model)).predict(more.images)
        known = np.concatenate([labels, more.labels]), np.concatenate([probabilities, predicted])
        return evaluate_probabilities(*known).is_at_chance
